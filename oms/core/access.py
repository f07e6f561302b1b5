"""Who may do what: roles and permissions are data (``permissions.toml``), enforced on every view."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, wraps
from pathlib import Path
from typing import Any, TypeVar

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

V = TypeVar("V", bound=Callable[..., Any])

MATRIX_FILE = Path(__file__).with_name("permissions.toml")


@dataclass(frozen=True, slots=True)
class Role:
    """A job in the house and the permissions (``app.codename``) that it needs."""

    name: str
    title: str
    permissions: frozenset[str]


@cache
def roles() -> list[Role]:
    """The roles, in the order of the data file."""
    data = tomllib.loads(MATRIX_FILE.read_text())["roles"]
    return [
        Role(name, each["title"], frozenset(each["permissions"])) for name, each in data.items()
    ]


def role_title(name: str) -> str:
    """What people call a role; a group that is none keeps its name."""
    return next((role.title for role in roles() if role.name == name), name)


@cache
def matrix() -> dict[str, list[str]]:
    """Role name → its permissions."""
    return {role.name: sorted(role.permissions) for role in roles()}


def requires(
    permission: str,
) -> Callable[[Callable[..., HttpResponseBase]], Callable[..., HttpResponseBase]]:
    """Let only people with ``permission`` (``app.codename``) into a view.

    Visitors who are not signed in go to the login page and come back; everybody else gets a 403
    that names the permission. The mark on the view is what the architecture test looks for.
    """

    def decorate(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path(), "admin:login")
            if not request.user.is_active or not request.user.has_perm(permission):
                raise PermissionDenied(permission)
            return view(request, *args, **kwargs)

        return _marked(guarded, permission)

    return decorate


def staff(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Let everybody who works here into a view; what it shows is filtered by their permissions."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path(), "admin:login")
        if not request.user.is_active or not request.user.is_staff:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return _marked(guarded, "")


def public(view: V) -> V:
    """Mark a view as open to everybody, on purpose."""
    return _marked(login_not_required(view), None)


def _marked(view: V, permission: str | None) -> V:
    view.__dict__["required_permission"] = permission
    return view
