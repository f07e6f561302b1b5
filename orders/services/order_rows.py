"""Writing the rows of new orders: one statement for all tables, whatever their number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Model
from django.utils import timezone

from inventory.services.claims import Claim
from oms.core import bulk
from oms.core.addresses import COLUMNS as ADDRESS_COLUMNS
from oms.core.places import key_of, locate_all
from oms.core.stored import StoredStatement
from oms.core.workflow import state_after_first
from orders.assembly import Assembled
from orders.models import Charge, Order, OrderAddress, OrderLine, SearchTerm

DEMAND_KIND = "order_line"

ORDER_COLUMNS = [
    *("id", "number", "status", "placed_at", "ship_to", "bill_to", "channel", "customer"),
    *("external_id", "settlement", "terms_days", "currency", "prices_include_tax"),
    *("customer_po_number", "priority", "requested_date", "locale", "sales_rep", "note"),
    *("linked_order", "lines_amount", "charges_amount", "tax_amount", "total_amount"),
    *("units", "line_count", "payment_status"),
]
LINE_COLUMNS = [
    *("id", "order", "position", "kind", "parent", "product", "description", "sets", "ordered"),
    *("open", "unit_price", "price_source", "discount_amount", "net_amount", "tax_amount"),
    *("tax_rate", "ship_to", "requested_date", "external_id"),
]
_TABLES: dict[str, tuple[type[Model], list[str]]] = {
    "address": (OrderAddress, ["id", *ADDRESS_COLUMNS, "latitude", "longitude"]),
    "head": (Order, ORDER_COLUMNS),
    "line": (OrderLine, LINE_COLUMNS),
    "charge": (
        Charge,
        ["order", "kind", "description", "net_amount", "tax_amount", "tax_rate"],
    ),
    "term": (SearchTerm, ["order", "kind", "term"]),
}


def _parameters(table: str) -> dict[str, str]:
    """A list for each column of a table: its name in the statement, and its type."""
    model, columns = _TABLES[table]
    names = [f"{table}_{column}_list" for column in columns]
    return dict(zip(names, bulk.array_types(model, columns), strict=True))


WRITE_ORDERS = StoredStatement(
    "orders_write_orders",
    {name: kind for table in _TABLES for name, kind in _parameters(table).items()},
    "",
    ";\n".join(
        bulk.insert_from(model, columns, [*_parameters(table)])
        for table, (model, columns) in _TABLES.items()
    ),
)


class Keys(NamedTuple):
    """What the database gave an order before it is written."""

    order_id: int
    number: str
    address_ids: list[int]
    line_ids: list[int]
    is_new: bool


class Written(NamedTuple):
    order: Assembled
    keys: Keys


# Keys, number and the claim on the external id in one statement. Claims are made in key order, so
# that two batches with the same orders wait for each other and never deadlock.
_CLAIM = """
WITH draft AS (
    SELECT t.n, t.channel_id, t.external_id,
           nextval('orders_order_id_seq') AS order_id,
           'SO-' || nextval('number_order') AS number,
           ARRAY(SELECT nextval('orders_orderaddress_id_seq') FROM generate_series(1, t.addresses))
               AS address_ids,
           ARRAY(SELECT nextval('orders_orderline_id_seq') FROM generate_series(1, t.lines))
               AS line_ids
    FROM unnest(%s::int[], %s::bigint[], %s::text[], %s::int[], %s::int[])
         AS t (n, channel_id, external_id, addresses, lines)
), claimed AS (
    INSERT INTO orders_externalreference (channel_id, external_id, order_id)
    SELECT channel_id, external_id, order_id FROM draft WHERE external_id <> ''
    ORDER BY channel_id, external_id
    ON CONFLICT (channel_id, external_id) DO NOTHING
    RETURNING order_id
)
SELECT order_id, number, address_ids, line_ids, external_id = '' OR claimed.order_id IS NOT NULL
FROM draft LEFT JOIN claimed USING (order_id) ORDER BY n
"""


def claim_keys(orders: Sequence[Assembled]) -> list[Keys]:
    rows = [
        (
            n,
            order.draft.channel_id,
            order.draft.external_id,
            len(order.addresses),
            len(order.lines),
        )
        for n, order in enumerate(orders)
    ]
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [list(column) for column in zip(*rows, strict=True)])
        return [Keys(*row) for row in cursor.fetchall()]


def write_rows(new: Sequence[Written], *, placed_at: Sequence[datetime] = ()) -> None:
    """Write addresses, orders, lines, charges and search terms with one statement."""
    rows = {
        "address": _address_rows(new),
        "head": _order_rows(new, placed_at or [None] * len(new)),
        "line": [row for each in new for row in _line_columns(each)],
        "charge": _charge_rows(new),
        "term": _search_terms(new),
    }
    lists: list[list[Any]] = []
    for table, (_, columns) in _TABLES.items():
        lists += map(list, zip(*rows[table], strict=True)) if rows[table] else [[] for _ in columns]
    WRITE_ORDERS.run(*lists)


def _address_rows(new: Sequence[Written]) -> list[tuple[Any, ...]]:
    rows = [
        (key, address)
        for order, keys in new
        for key, address in zip(keys.address_ids, order.addresses, strict=True)
    ]
    places = {address: key_of(address) for address in dict.fromkeys(row[1] for row in rows)}
    positions = locate_all(places.values())
    return [
        (key, *(getattr(address, column) for column in ADDRESS_COLUMNS), *_position(position))
        for key, address in rows
        for position in [positions.get(places[address])]
    ]


def _position(position: Any) -> tuple[float | None, float | None]:
    return (position.latitude, position.longitude) if position else (None, None)


def _order_rows(
    new: Sequence[Written], placed_at: Sequence[datetime | None]
) -> list[tuple[Any, ...]]:
    drafted, placed = Order.Status.DRAFT.value, state_after_first(Order, "place")
    return [
        (
            *(keys.order_id, keys.number, placed if at else drafted, at),
            *_order_addresses(order, keys),
            *_order_columns(order),
        )
        for (order, keys), at in zip(new, placed_at, strict=True)
    ]


def _order_addresses(order: Assembled, keys: Keys) -> tuple[int, int | None]:
    if not order.draft.bill_to:
        return keys.address_ids[0], None
    return keys.address_ids[0], keys.address_ids[order.addresses.index(order.draft.bill_to)]


def _order_columns(order: Assembled) -> tuple[Any, ...]:
    draft, party, totals = order.draft, order.party, order.totals
    return (
        draft.channel_id,
        draft.customer_id,
        draft.external_id,
        order.settlement,
        party.terms_days,
        draft.currency,
        party.prices_include_tax,
        draft.customer_po_number,
        draft.priority,
        draft.requested_date,
        draft.locale or party.language,
        draft.sales_rep_id,
        draft.note,
        draft.linked_order_id,
        totals.lines,
        totals.charges,
        totals.tax,
        totals.total,
        order.units,
        order.line_count,
        "paid" if totals.total <= 0 else "unpaid",
    )


def _line_columns(written: Written) -> Iterable[tuple[Any, ...]]:
    order, keys = written
    by_address = dict(zip(order.addresses, keys.address_ids, strict=True))
    for position, (key, line) in enumerate(zip(keys.line_ids, order.lines, strict=True), start=1):
        yield (
            key,
            keys.order_id,
            position,
            line.kind,
            None if line.parent is None else keys.line_ids[line.parent],
            line.product_id,
            line.description,
            line.sets,
            line.ordered,
            line.ordered,
            line.unit_price,
            line.price_source,
            line.discount,
            line.amounts.net,
            line.amounts.tax,
            line.tax_rate,
            by_address[line.ship_to] if line.ship_to else None,
            line.requested_date,
            line.external_id,
        )


def _charge_rows(new: Sequence[Written]) -> list[tuple[Any, ...]]:
    return [
        (keys.order_id, charge.kind, charge.description, *charge.amounts, charge.tax_rate)
        for order, keys in new
        for charge in order.charges
    ]


def _search_terms(new: Sequence[Written]) -> list[tuple[Any, ...]]:
    kind = SearchTerm.Kind
    rows: list[tuple[Any, ...]] = []
    for order, keys in new:
        rows.append((keys.order_id, kind.NUMBER.value, keys.number))
        if order.draft.external_id:
            rows.append((keys.order_id, kind.EXTERNAL_ID.value, order.draft.external_id))
        if order.draft.customer_po_number:
            rows.append((keys.order_id, kind.PO_NUMBER.value, order.draft.customer_po_number))
        skus = dict.fromkeys(line.sku for line in order.lines)
        rows += [(keys.order_id, kind.SKU.value, sku) for sku in skus]
    return rows


def ranks(count: int) -> list[datetime]:
    """Moments a microsecond apart: who comes first in a batch has the first claim on stock."""
    now = timezone.now()
    return [now + timedelta(microseconds=n) for n in range(count)]


def claims_of(new: Sequence[Written], placed_at: Sequence[datetime]) -> list[Claim]:
    return [
        Claim(
            product_id=line.product_id,
            quantity=line.ordered,
            demand_kind=DEMAND_KIND,
            demand_id=key,
            rank_at=at,
        )
        for (order, keys), at in zip(new, placed_at, strict=True)
        for key, line in zip(keys.line_ids, order.lines, strict=True)
        if line.ordered
    ]
