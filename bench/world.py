"""A database of its own, and the world in which orders are taken: products, warehouses, stock."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal

from django.core.management import call_command
from django.db import connection

from inventory.models import Bin, Product, Warehouse
from inventory.services.goods import GoodsReceipt, receive
from oms.core.actors import Actor
from oms.core.addresses import Address
from orders.models import Customer, SalesChannel
from orders.services.intake import LineDraft, OrderDraft

ACTOR = Actor(label="Bench", surface="command")
PLACES = [
    ("BER", 52.52, 13.40, "Berlin", "10115", "DE"),
    ("RTM", 51.92, 4.48, "Rotterdam", "3011", "NL"),
    ("MAD", 40.42, -3.70, "Madrid", "28001", "ES"),
]
SHIP_TO = [("Hamburg", "20095", "DE"), ("Paris", "75001", "FR"), ("Valencia", "46001", "ES"),
           ("Wien", "1010", "AT"), ("Utrecht", "3511", "NL"), ("Porto", "4000", "PT")]  # fmt: skip


@contextmanager
def fresh_database(name: str) -> Iterator[None]:
    """Make an empty database with all tables and connect to it; drop it at the end."""
    usual = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = "postgres"
    with connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        cursor.execute(f'CREATE DATABASE "{name}"')
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        call_command("migrate", verbosity=0)
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = usual


@dataclass(frozen=True)
class World:
    """What an order refers to."""

    channel_id: int
    customer_ids: list[int]
    skus: list[str]
    product_ids: list[int]

    def draft(self, rng: random.Random, *, lines: int = 3, external_id: str = "") -> OrderDraft:
        """An order of random products for a random place."""
        city, postcode, country = rng.choice(SHIP_TO)
        return OrderDraft(
            channel_id=self.channel_id,
            customer_id=rng.choice(self.customer_ids),
            currency="EUR",
            external_id=external_id,
            ship_to=Address(name="Goods in", street="Main 1", city=city, postcode=postcode, country=country),
            lines=[
                LineDraft(sku=sku, quantity=rng.randint(1, 5), unit_price=Decimal("9.90"))
                for sku in rng.sample(self.skus, lines)
            ],
        )  # fmt: skip


def make_world(*, products: int = 1_000, stock: int = 1_000_000) -> World:
    """1,000 products, three warehouses with stock of each, one channel, 200 customers."""
    call_command("load_places", verbosity=0)
    channel = SalesChannel.objects.create(code="bench", name="Bench", currency="EUR")
    rows = [Product(sku=f"SKU-{n:05}", name=f"Product {n}", cost=5) for n in range(products)]
    made = Product.objects.bulk_create(rows)
    customers = Customer.objects.bulk_create([Customer(name=f"Company {n}") for n in range(200)])
    for code, latitude, longitude, city, postcode, country in PLACES:
        warehouse = Warehouse.objects.create(
            code=code, title=city, latitude=latitude, longitude=longitude,
            city=city, postcode=postcode, country=country,
        )  # fmt: skip
        shelf = Bin.objects.create(warehouse=warehouse, code="A-01", kind=Bin.Kind.SHELF)
        Bin.objects.create(warehouse=warehouse, code="STAGE", kind=Bin.Kind.STAGING)
        if stock:
            receive(
                [
                    GoodsReceipt(warehouse_id=warehouse.pk, bin_id=shelf.pk, product_id=p.pk, quantity=stock, idem_key=f"{code}:{p.pk}")
                    for p in made
                ],
                actor=ACTOR,
            )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return World(channel.pk, [c.pk for c in customers], [p.sku for p in made], [p.pk for p in made])
