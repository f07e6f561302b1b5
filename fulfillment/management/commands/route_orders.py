"""Route all open units now."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from fulfillment.services.sweep import route_open_orders
from oms.core.actors import Actor


class Command(BaseCommand):
    help = "Routes every order with open units that no hold stops. Safe to run twice."

    def handle(self, *args: Any, **options: Any) -> None:
        summary = route_open_orders(
            actor=Actor("Command route_orders", surface="command"),
            progress=lambda done, total: self.stderr.write(f"{done} of {total} orders"),
        )
        self.stdout.write(
            f"{summary.orders} orders had open units: {summary.routed} routed,"
            f" {summary.skipped} skipped; {summary.left_open} units stay open."
        )
