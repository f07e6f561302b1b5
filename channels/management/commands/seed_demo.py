"""Fill an empty installation with the demo company."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from channels.services.seed_demo import SIZES, seed_demo
from oms.core.exceptions import Refusal


class Command(BaseCommand):
    help = "Fill an empty demo installation: a company, 90 days of history and a day in progress."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--size", choices=sorted(SIZES), default="small")
        parser.add_argument(
            "--reset", action="store_true", help="Remove ALL data of this demo first."
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            told = seed_demo(
                size=options["size"], today=timezone.localdate(), reset=options["reset"]
            )
        except Refusal as error:
            raise CommandError(str(error)) from error
        self.stdout.write(told)
