"""What a machine needs beyond Python packages."""

from __future__ import annotations

import ctypes
from typing import Any

from django.core import checks

PANGO = ("libpango-1.0.so.0", "libpangoft2-1.0.so.0", "libharfbuzz-subset.so.0")


@checks.register
def papers_can_be_drawn(**_: Any) -> list[checks.CheckMessage]:
    """Warn where WeasyPrint would not load."""
    missing = [library for library in PANGO if not _loads(library)]
    if not missing:
        return []
    return [
        checks.Warning(
            f"PDFs cannot be made on this machine: {', '.join(missing)} is missing.",
            hint="On Debian: apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0",
            id="core.W001",
        )
    ]


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
