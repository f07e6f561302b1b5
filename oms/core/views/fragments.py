"""The same page whole, or the part of it that htmx asked for."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers


def render_list(
    request: HttpRequest, template: str, results: str, context: dict[str, Any]
) -> HttpResponse:
    """A list page; with ``HX-Request`` only its results. Going back asks for the whole page again."""
    wants_part = "HX-Request" in request.headers
    if request.headers.get("HX-History-Restore-Request") == "true":
        wants_part = False
    answer = render(request, results if wants_part else template, context)
    patch_vary_headers(answer, ["HX-Request"])
    return answer
