"""Say how to get into the demo."""

import json
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from channels.services.seed_demo import demo_logins, demo_order


class Command(BaseCommand):
    help = "Print the demo's logins and an order to look up. Only in a demo."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true")

    def handle(self, *_args: Any, **options: Any) -> None:
        if not (settings.DEBUG or settings.DEMO):
            raise CommandError("This is no demo: it has no logins to show.")
        logins = [asdict(login) for login in demo_logins()]
        number, postcode = demo_order()
        order = {"number": number, "postcode": postcode} if number else {}
        if options["json"]:
            self.stdout.write(json.dumps({"logins": logins, "order": order}))
            return
        for login in logins:
            self.stdout.write("  ".join(login.values()))
        if order:
            self.stdout.write(f"Order {number}, postcode {postcode}")
