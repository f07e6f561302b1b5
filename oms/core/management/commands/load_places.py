from typing import Any

from django.core.management.base import BaseCommand

from oms.core.place_tables import load_cities


class Command(BaseCommand):
    help = "Load the bundled table of cities and countries (GeoNames, CC BY 4.0)."

    def handle(self, *_args: Any, **options: Any) -> None:
        changed = load_cities()
        if options["verbosity"]:
            self.stderr.write(f"{changed} cities and countries are new or changed.")
