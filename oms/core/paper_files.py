"""Whole files or none: a full disk or a killed worker never leaves half a paper behind."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import Storage


def write_file(storage: Storage, key: str, content: bytes) -> str:
    """Store a file under `key`; return the key under which it is found.

    :raises OSError: the storage has no room or cannot be reached; nothing is left there.
    """
    try:
        target = Path(storage.path(key))
    except NotImplementedError:
        # Object stores show a file only once it is complete.
        return storage.save(key, ContentFile(content))
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, draft = tempfile.mkstemp(dir=target.parent, suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(draft, settings.FILE_UPLOAD_PERMISSIONS or 0o600)
        os.rename(draft, target)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(draft)
        raise
    return key


def read_file(storage: Storage, key: str) -> bytes:
    """The content of a stored file.

    :raises OSError: it is not there.
    """
    with storage.open(key) as file:
        return bytes(file.read())


def delete_file(storage: Storage, key: str) -> None:
    """Remove a file that nobody refers to; a file that is gone already is fine."""
    with suppress(OSError):
        storage.delete(key)
