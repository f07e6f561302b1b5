"""Tables, demo data and how to use them, in one go: what `make demo` runs before it serves."""

from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    help = "Bring the tables up to date, fill an empty demo, and write its logins to a file."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("info", type=Path, help="where the logins and the demo order go (JSON)")

    def handle(self, *_args: Any, **options: Any) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        call_command("seed_demo")
        out = StringIO()
        call_command("demo_info", json=True, stdout=out)
        info: Path = options["info"]
        info.touch(mode=0o600)
        info.write_text(out.getvalue())
