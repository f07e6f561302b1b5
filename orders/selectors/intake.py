"""What intake looks up, for many drafts at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection

from inventory.models import KitComponent
from orders.drafts import Component, OrderDraft, Party, ProductFacts

PartyKey = tuple[int, int]

_PARTIES = """
SELECT t.channel_id, t.customer_id, ch.name, ch.currency, ch.prices_include_tax, ch.is_active,
       c.name, c.currency, c.is_active, c.settlement, c.terms_days, c.language
FROM unnest(%s::bigint[], %s::bigint[]) AS t (channel_id, customer_id)
LEFT JOIN orders_saleschannel ch ON ch.id = t.channel_id
LEFT JOIN orders_customer c ON c.id = t.customer_id
"""

_PRODUCTS = """
SELECT k.sku, p.id, p.sku, p.name, p.is_active, p.is_kit
FROM unnest(%s::text[]) AS k (sku) JOIN inventory_product p ON lower(p.sku) = lower(k.sku)
UNION ALL
SELECT NULL, p.id, p.sku, p.name, p.is_active, p.is_kit
FROM inventory_product p WHERE p.id = ANY (%s::bigint[])
"""

_KNOWN = """
SELECT r.channel_id, r.external_id, o.id, o.number
FROM unnest(%s::bigint[], %s::text[]) AS k (channel_id, external_id)
JOIN orders_externalreference r USING (channel_id, external_id)
LEFT JOIN orders_order o ON o.id = r.order_id
"""


def parties_of(drafts: Iterable[OrderDraft]) -> dict[PartyKey, Party]:
    """Channel and customer of each draft, under ``(channel_id, customer_id)``."""
    keys = sorted({(draft.channel_id, draft.customer_id) for draft in drafts})
    rows = _rows(_PARTIES, [[key[0] for key in keys], [key[1] for key in keys]])
    return {(row[0], row[1]): Party(*row[2:]) for row in rows}


def products_of(drafts: Iterable[OrderDraft]) -> dict[str | int, ProductFacts]:
    """The products of the drafts' lines, under the SKU as it was given, or the key."""
    lines = [line for draft in drafts for line in draft.lines]
    skus = {line.sku for line in lines if line.product_id is None}
    keys = {line.product_id for line in lines if line.product_id is not None}
    rows = _rows(_PRODUCTS, [sorted(skus), sorted(keys)])
    found: dict[str | int, ProductFacts] = {
        row[1] if row[0] is None else row[0]: ProductFacts(*row[1:]) for row in rows
    }
    kits = {product.id for product in found.values() if product.is_kit}
    parts = _components(kits) if kits else {}
    return {
        key: product._replace(components=tuple(parts.get(product.id, ())))
        if product.is_kit
        else product
        for key, product in found.items()
    }


def known_orders(keys: Sequence[tuple[int, str]]) -> dict[tuple[int, str], tuple[int | None, str]]:
    """Order key and number by (channel, external id); no key: it was withdrawn before it came."""
    rows = _rows(_KNOWN, [[key[0] for key in keys], [key[1] for key in keys]])
    return {(row[0], row[1]): (row[2], row[3] or "") for row in rows}


def _components(kits: Iterable[int]) -> dict[int, list[Component]]:
    parts: dict[int, list[Component]] = defaultdict(list)
    rows = KitComponent.objects.filter(kit__in=kits).order_by("kit", "id")
    columns = ("kit_id", "component_id", "component__sku", "component__name", "quantity")
    for kit_id, *part in rows.values_list(*columns, "component__cost"):
        parts[kit_id].append(Component(*part))
    return parts


def _rows(sql: str, parameters: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
