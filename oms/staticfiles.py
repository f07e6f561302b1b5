"""Static files in production: hashed, compressed, and each stylesheet one file with its imports inside."""

import posixpath
import re
from collections.abc import Callable, Iterator
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage
from whitenoise.storage import (
    CompressedManifestStaticFilesStorage,
)

BUNDLES = ("css/app.css", "css/admin.css")
_IMPORT = re.compile(
    r"""@import\s+url\(["']?(?P<file>[^"')]+)["']?\)(?:\s+layer\((?P<layer>\w+)\))?;"""
)
_URL = re.compile(r"""url\((["']?)(?!data:|/|#|https?:)(?P<file>[^"')]+)\1\)""")


def inline_imports(name: str, read: Callable[[str], str]) -> str:
    """The stylesheet with every `@import` replaced by what it imports, in its layer; URLs keep their target."""

    def inline(match: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(name), match["file"]))
        content = _moved(inline_imports(target, read), target, name)
        return f"@layer {match['layer']} {{\n{content}\n}}" if match["layer"] else content

    return _IMPORT.sub(inline, read(name))


def _moved(content: str, source: str, target: str) -> str:
    def move(match: re.Match[str]) -> str:
        file = posixpath.normpath(posixpath.join(posixpath.dirname(source), match["file"]))
        return f'url("{posixpath.relpath(file, posixpath.dirname(target))}")'

    return _URL.sub(move, content)


class BundlingStaticFilesStorage(CompressedManifestStaticFilesStorage):
    def post_process(
        self, paths: dict[str, Any], dry_run: bool = False, **options: Any
    ) -> Iterator[Any]:
        memory = InMemoryStorage()

        def read(name: str) -> str:
            storage, path = paths[name]
            with storage.open(path) as file:
                content = file.read()
            return content.decode() if isinstance(content, bytes) else content

        bundles = {name: inline_imports(name, read) for name in BUNDLES if name in paths}
        for name, content in bundles.items():
            memory.save(name, ContentFile(content.encode()))
        in_memory = {name: (memory, name) for name in bundles}
        yield from super().post_process({**paths, **in_memory}, dry_run=dry_run, **options)
