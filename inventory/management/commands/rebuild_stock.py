import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from inventory.services.ledger import rebuild_levels
from oms.core import invariants


class Command(BaseCommand):
    requires_system_checks = ()
    help = "Set the stock levels to the sums of the ledger. Writers of stock wait while it runs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="only say which levels are wrong"
        )
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        wrong = invariants.violations(["stock.level_is_ledger"], limit=1_000_000)
        changed = 0 if options["dry_run"] else rebuild_levels()
        if options["json"]:
            self.stdout.write(json.dumps({"wrong": [w.sentence for w in wrong], "set": changed}))
            return
        for each in wrong:
            self.stdout.write(each.sentence)
        self.stderr.write(f"{len(wrong)} levels are wrong, {changed} were set right.")
