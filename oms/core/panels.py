"""Panels: how an app puts its part on a page of an app below it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

Loader = Callable[[HttpRequest, Any], dict[str, Any] | None]


@dataclass(frozen=True, slots=True)
class Panel:
    """A part of a page: ``load(request, subject)`` gives its template context, or None for nothing."""

    name: str
    template: str
    load: Loader
    permission: str
    weight: int = 100
    place: str = "main"


@dataclass(frozen=True, slots=True)
class LoadedPanel:
    name: str
    template: str
    place: str
    context: dict[str, Any]


_panels: dict[str, list[Panel]] = {}


def register_panel(page: str, panel: Panel) -> None:
    """Add a panel to a page (``order``, ``product`` ...); call it in ``ready()``."""
    known = _panels.setdefault(page, [])
    if panel.name not in {other.name for other in known}:
        known.append(panel)
        known.sort(key=lambda each: (each.weight, each.name))


def load_panels(page: str, request: HttpRequest, subject: Any) -> list[LoadedPanel]:
    """The panels of a page that this person may see and that have something to show."""
    loaded = []
    for panel in _panels.get(page, []):
        if not request.user.has_perm(panel.permission):
            continue
        context = panel.load(request, subject)
        if context is not None:
            loaded.append(LoadedPanel(panel.name, panel.template, panel.place, context))
    return loaded
