from typing import Any

from django.contrib.auth.models import Group, Permission
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from oms.core import access


class Command(BaseCommand):
    help = "Make the roles of permissions.toml into groups; run it as often as you like."

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        known = {
            f"{p.content_type.app_label}.{p.codename}": p
            for p in Permission.objects.select_related("content_type")
        }
        for role, names in access.matrix().items():
            if missing := [name for name in names if name not in known]:
                raise CommandError(f"Role {role} names unknown permissions: {', '.join(missing)}.")
            group, _ = Group.objects.get_or_create(name=role)
            group.permissions.set([known[name] for name in names])
        self.stderr.write(f"{len(access.matrix())} roles are set up.")
