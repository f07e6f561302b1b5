"""Draws a page with WeasyPrint. Import it late: without Pango this import raises `OSError`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from weasyprint import HTML
from weasyprint.urls import URLFetcher, URLFetcherResponse

# Only a name to resolve relative addresses against: nothing is ever asked of it.
_BASE = "http://static.invalid/"
_ALLOWED = re.compile(
    r"css/print/[\w.-]+\.css|fonts/[\w.-]+\.woff2|brand/[\w.-]+\.(?P<image>svg|png)"
)
_TYPES = {".css": "text/css", ".png": "image/png", ".svg": "image/svg+xml", ".woff2": "font/woff2"}


class StaticOnly(URLFetcher):
    """Lets a page use `data:` addresses and our own print files: no network, no other file."""

    def __init__(self) -> None:
        super().__init__(allowed_protocols={"data"}, allow_redirects=False)

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> Any:
        if url.startswith("data:"):
            return super().fetch(url, headers)
        root = urljoin(_BASE, settings.STATIC_URL)
        name = unquote(url.removeprefix(root))
        if not url.startswith(root) or not _ALLOWED.fullmatch(name) or ".." in name:
            raise ValueError("This address is not allowed on a paper.")
        kind = _TYPES[Path(name).suffix]
        return URLFetcherResponse(url, _static_file(name), {"Content-Type": kind})


def draw(html: str) -> bytes:
    """The page as PDF."""
    return bytes(HTML(string=html, base_url=_BASE, url_fetcher=StaticOnly()).write_pdf())


def _static_file(name: str) -> bytes:
    if found := finders.find(name):
        return Path(str(found)).read_bytes()
    with staticfiles_storage.open(name) as file:
        return bytes(file.read())
