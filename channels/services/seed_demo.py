"""The whole demo in one transaction: there or not there, and the same for the same day."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction

from channels.exceptions import DemoRefused
from channels.services.demo_company import PASSWORD, build_company, load_config
from channels.services.demo_day import run_live_day
from channels.services.demo_history import DAYS, add_history
from channels.services.demo_routing import add_routing
from channels.services.demo_stock import add_stock
from channels.services.demo_stock_work import add_stock_work
from channels.services.demo_supply import add_supply
from fulfillment.models import RejectionReason
from inventory.models import AdjustmentReason
from oms.core.access import matrix
from oms.core.models import User
from oms.core.place_tables import load_cities
from orders.models import Order, SalesChannel

SEED = 20_418
SIZES = {"small": 1, "large": 20}


@dataclass(frozen=True, slots=True)
class DemoLogin:
    role: str
    title: str
    username: str
    password: str


@transaction.atomic
def seed_demo(*, size: str, today: date, reset: bool = False) -> str:
    """Fill an empty installation with the demo company; a second call changes nothing.

    :raises DemoRefused: this is no demo, or other data is there.
    """
    if not (settings.DEBUG or settings.DEMO):
        raise DemoRefused(
            "Demo data goes into a demo only: set OMS_DEMO=1 where nothing real is kept."
        )
    if reset:
        _remove_everything()
    elif is_seeded():
        return "The demo data is there already; --reset makes it anew."
    elif Order.objects.exists():
        raise DemoRefused("There are orders already: demo data would mix with them. Use --reset.")
    started = time.monotonic()
    call_command("setup_roles", verbosity=0)
    load_cities()
    company = build_company(SEED)
    add_routing(company)
    add_supply(company)
    past, sales = add_history(company, today=today, factor=SIZES[size])
    add_stock(company, sales, today=today, days=DAYS)
    run_live_day(company)
    add_stock_work(company, today=today)
    now = Order.objects.filter(is_history=False).count()
    seconds = time.monotonic() - started
    return f"{past:,} past orders and {now} of today, made in {seconds:.1f} s."


def _remove_everything() -> None:
    """All rows but the reasons that every installation begins with."""
    adjusting = list(AdjustmentReason.objects.all())
    rejecting = list(RejectionReason.objects.all())
    call_command("flush", interactive=False, verbosity=0)
    AdjustmentReason.objects.bulk_create(adjusting)
    RejectionReason.objects.bulk_create(rejecting)
    with connection.cursor() as cursor:
        cursor.execute("SELECT sequencename FROM pg_sequences WHERE sequencename LIKE 'number_%'")
        for (name,) in cursor.fetchall():
            cursor.execute(f'ALTER SEQUENCE "{name}" RESTART')


def is_seeded() -> bool:
    """Whether the demo company is here."""
    code = load_config()["channels"][1]["code"]
    return SalesChannel.objects.filter(code=code).exists()


def demo_logins() -> list[DemoLogin]:
    """One login for each role of the demo."""
    titles = {data["username"]: data for data in load_config()["users"]}
    known = set(User.objects.filter(username__in=titles).values_list("username", flat=True))
    return [
        DemoLogin(data["role"], data["title"], username, PASSWORD)
        for username, data in titles.items()
        if username in known and data["role"] in matrix()
    ]


def demo_order() -> tuple[str, str]:
    """A consumer's order of today that is on its way, with the postcode that opens it."""
    orders = Order.objects.filter(is_history=False, settlement="prepaid", payment_status="paid")
    found = orders.order_by("-fulfillment_status", "pk").values_list("number", "ship_to__postcode")
    return found.first() or ("", "")
