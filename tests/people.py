"""People by role, as the permission matrix makes them, and their browsers."""

from __future__ import annotations

import re

from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.test import Client

from inventory.models import Warehouse, WarehouseAccess
from oms.core.models import User


def make_person(role: str = "", username: str = "", *, at: Warehouse | None = None) -> User:
    """Return somebody of a role (none: nobody in particular), working at a warehouse."""
    if not Group.objects.exists():
        call_command("setup_roles")
    person = User.objects.create(username=username or role or "nobody", is_staff=True)
    if role:
        person.groups.add(Group.objects.get(name=role))
    if at is not None:
        WarehouseAccess.objects.create(user=person, warehouse=at)
    return person


def allow(person: User, permission: str) -> None:
    """Give one more permission to somebody."""
    app, codename = permission.split(".")
    person.user_permissions.add(
        Permission.objects.get(content_type__app_label=app, codename=codename)
    )


def browser_of(person: User) -> Client:
    """Return a client that is signed in."""
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


def key_on(client: Client, page: str) -> str:
    """Return the one-time key of a form on a page."""
    found = re.search(r'name="form_key" value="([^"]+)"', client.get(page).content.decode())
    assert found is not None, f"{page} has no form"
    return found[1]
