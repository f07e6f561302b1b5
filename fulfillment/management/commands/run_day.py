"""Take placed orders through routing, picking, packing and shipping."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from fulfillment.services.day import DaySummary, Until, run_day
from oms.core.actors import Actor


class Command(BaseCommand):
    help = "Takes placed orders through the house by the services that the screens call."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--orders", type=int, required=True, help="How many orders.")
        parser.add_argument(
            "--until", choices=[step.name.lower() for step in Until], default="shipped"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["orders"] <= 0:
            raise CommandError("Say how many orders: --orders takes a number above zero.")
        summary = run_day(
            orders=options["orders"],
            until=Until[options["until"].upper()],
            actor=Actor("Command run_day", surface="command"),
            progress=lambda step, done, total: self.stderr.write(
                f"{step}: {done} of {total} orders"
            ),
        )
        self._print(summary)

    def _print(self, summary: DaySummary) -> None:
        self.stdout.write(
            f"{summary.orders} orders: {summary.routed} routed into {summary.shipments} shipments;"
            f" {summary.released} released, {summary.picked} picked, {summary.packed} packed,"
            f" {summary.shipped} shipped. {summary.backordered} units are backordered,"
            f" {summary.left_open} stay open."
        )
        for sentence in summary.refusals[:20]:
            self.stdout.write(f"Refused: {sentence}")
        if len(summary.refusals) > 20:
            self.stdout.write(f"And {len(summary.refusals) - 20} more refusals.")
