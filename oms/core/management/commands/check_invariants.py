import json
import sys
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from oms.core import invariants


class Command(BaseCommand):
    requires_system_checks = ()
    help = "Check everything that must always be true of the books; exit 1 when something is not."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("names", nargs="*", help="check only these invariants")
        parser.add_argument("--json", action="store_true", help="print the findings as JSON")
        parser.add_argument(
            "--limit", type=int, default=100, help="most findings shown for each invariant"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        only = options["names"]
        if unknown := sorted(set(only) - set(invariants.names())):
            known = ", ".join(invariants.names())
            raise CommandError(f"Unknown: {', '.join(unknown)}. There are: {known}.")
        found = invariants.violations(only, limit=options["limit"])
        checked = len(only or invariants.names())
        if options["json"]:
            self.stdout.write(json.dumps([asdict(each) for each in found], indent=2))
        else:
            for each in found:
                self.stdout.write(f"{each.invariant}: {each.sentence} ({each.explain})")
            self.stderr.write(f"{checked} invariants checked, {len(found)} violations.")
        if found:
            sys.exit(1)
