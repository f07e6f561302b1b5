"""Who may do what, as a table: the data file is the truth, this page shows it."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import Permission
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from oms.core import access


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One permission and, for each role's title, whether the role has it."""

    name: str
    codename: str
    held: list[tuple[str, bool]]


@access.requires("core.view_user")
def permission_matrix(request: HttpRequest) -> HttpResponse:
    roles = access.roles()
    names = {f"{p.content_type.app_label}.{p.codename}": p.name for p in _permissions()}
    used = sorted({permission for role in roles for permission in role.permissions})
    rows = [
        MatrixRow(
            names.get(code, code), code, [(role.title, code in role.permissions) for role in roles]
        )
        for code in used
    ]
    context = {"title": _("Roles and permissions"), "roles": roles, "rows": rows}
    return render(request, "core/permission_matrix.html", context)


def _permissions() -> list[Permission]:
    return list(Permission.objects.select_related("content_type"))
