"""Channels, customers and products that an order file names and nobody has entered yet."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.db import connection

from channels.order_files import FileMapping
from inventory.models import Product
from oms.core import bulk
from orders.models import Customer, CustomerReference, SalesChannel


def channel_of(mapping: FileMapping) -> SalesChannel:
    """The sales channel that a mapping's files belong to; made when it is new."""
    channel, _ = SalesChannel.objects.get_or_create(
        code=mapping.channel,
        defaults={"name": mapping.channel_name, "currency": mapping.currency},
    )
    return channel


def known_products(sku_keys: Collection[str]) -> dict[str, int]:
    """Products by folded SKU."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT lower(sku), id FROM inventory_product WHERE lower(sku) = ANY(%s)",
            [list(sku_keys)],
        )
        return dict(cursor.fetchall())


def create_products(skus: Mapping[str, str], names: Mapping[str, str]) -> dict[str, int]:
    """New products by folded SKU: ``skus`` gives the spelling, ``names`` what they are called."""
    rows = [(sku, names.get(key) or sku) for key, sku in sorted(skus.items())]
    made = bulk.insert(Product, ["sku", "name"], rows, returning=["id"])
    return {key: pk for key, (pk,) in zip(sorted(skus), made, strict=True)}


def known_customers(references: Collection[str], channel: SalesChannel) -> dict[str, int]:
    """Customers by the channel's own reference."""
    found = CustomerReference.objects.filter(channel=channel, external_id__in=list(references))
    return dict(found.values_list("external_id", "customer_id"))


def create_customers(
    references: Collection[str], channel: SalesChannel, anonymous_name: str
) -> dict[str, int]:
    """New customers by the channel's own reference."""
    ordered = sorted(references)
    made = bulk.insert(
        Customer,
        ["name", "currency", "is_anonymous"],
        [
            (f"Customer {each}" if each else anonymous_name, channel.currency, not each)
            for each in ordered
        ],
        returning=["id"],
    )
    bulk.insert(
        CustomerReference,
        ["customer", "channel", "external_id"],
        [(pk, channel.pk, each) for each, (pk,) in zip(ordered, made, strict=True)],
    )
    return {each: pk for each, (pk,) in zip(ordered, made, strict=True)}
