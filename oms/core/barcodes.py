"""Barcodes as SVG whose size on paper is given in millimeters."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from typing import Any

import zint
from django.utils.html import format_html
from django.utils.safestring import SafeString

QUIET_MODULES = {zint.Symbology.CODE128: 10, zint.Symbology.QRCODE: 4}
UTF_8 = 26
"""The code's own word for it (ECI); scanners guess at anything that is not told."""
SMALLEST_MODULE_MM = 0.25
"""Below this, hand scanners and 203 dpi thermal printers are no longer reliable."""


def code128_svg(text: str, *, width_mm: float = 62, height_mm: float = 15) -> SafeString:
    """A Code 128 of printable ASCII, quiet zones included in its width.

    :raises ValueError: the text is empty or has other characters, or the width is too small for it.
    """
    if not text or not (text.isascii() and text.isprintable()):
        raise ValueError(f"{text!r} cannot be a Code 128: only printable ASCII characters can.")
    vector, quiet = _drawn(zint.Symbology.CODE128, text)
    modules = vector.width / 2 + 2 * quiet
    if width_mm < modules * SMALLEST_MODULE_MM:
        needed = modules * SMALLEST_MODULE_MM
        raise ValueError(f"A Code 128 of {text!r} has to be at least {needed:.0f} mm wide.")
    bars = [(bar.x / 2 + quiet, 0.0, bar.width / 2, 40.0) for bar in vector.rectangles]
    return _svg(text, bars, (modules, 40.0), (width_mm, height_mm))


def qr_svg(text: str, *, size_mm: float = 25) -> SafeString:
    """A QR code of any text, quiet zone included in its size.

    :raises ValueError: the text is empty or too long, or the size is too small for it.
    """
    if not text:
        raise ValueError("An empty text cannot be a QR code.")
    try:
        vector, quiet = _drawn(zint.Symbology.QRCODE, text)
    except RuntimeError as error:
        raise ValueError(f"This text cannot be a QR code: {error}.") from error
    modules = vector.width / 2 + 2 * quiet
    if size_mm < modules * SMALLEST_MODULE_MM:
        needed = modules * SMALLEST_MODULE_MM
        raise ValueError(f"A QR code of {len(text)} characters needs at least {needed:.0f} mm.")
    squares = [
        (square.x / 2 + quiet, square.y / 2 + quiet, square.width / 2, square.height / 2)
        for square in vector.rectangles
    ]
    return _svg(text, squares, (modules, modules), (size_mm, size_mm))


def data_uri(svg: str) -> str:
    """The drawing as a ``data:`` address, for ``<img>``."""
    return f"data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}"


def _drawn(symbology: zint.Symbology, text: str) -> tuple[Any, int]:
    symbol = zint.Symbol()
    symbol.symbology = symbology
    symbol.show_text = False
    if not text.isascii():
        symbol.eci = UTF_8
    symbol.encode(text)
    symbol.buffer_vector()
    return symbol.vector, QUIET_MODULES[symbology]


def _svg(
    text: str,
    boxes: Iterable[tuple[float, float, float, float]],
    modules: tuple[float, float],
    size_mm: tuple[float, float],
) -> SafeString:
    path = "".join(f"M{x:g} {y:g}h{w:g}v{h:g}h-{w:g}z" for x, y, w, h in boxes)
    return format_html(
        '<svg xmlns="http://www.w3.org/2000/svg" class="barcode" role="img" aria-label="{}"'
        ' width="{}mm" height="{}mm" viewBox="0 0 {} {}" preserveAspectRatio="none"'
        ' shape-rendering="crispEdges"><path d="{}"/></svg>',
        text,
        *(f"{length:g}" for length in (*size_mm, *modules)),
        path,
    )
