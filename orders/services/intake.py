"""Taking orders in, from any source, in batches: a constant number of statements per call."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, overload

from django.db import connection, transaction
from django.db.models import Sum
from django.utils import timezone

from inventory.services.claims import Claim, reserve_all
from oms.core import activity, bulk
from oms.core.activity import Entry
from oms.core.actors import Actor
from oms.core.addresses import COLUMNS as ADDRESS_COLUMNS
from oms.core.addresses import Address
from oms.core.events import publish
from oms.core.places import key_of, locate_all
from oms.core.workflow import perform_all, state_after_first
from orders.assembly import Assembled, assemble
from orders.drafts import ChargeDraft, LineDraft, LineProblem, OrderDraft
from orders.drafts import problems_of_facts, problems_of_shape
from orders.events import OrderPlaced
from orders.exceptions import OrderRefused
from orders.models import Charge, Customer, Order, OrderAddress, OrderLine, Payment, SearchTerm
from orders.selectors.intake import known_orders, parties_of, products_of
from orders.services.holds import hold_for_payment

__all__ = [
    "ChargeDraft",
    "LineDraft",
    "OrderDraft",
    "TakenOrder",
    "create_orders",
    "place_orders",
    "take_orders",
]

DEMAND_KIND = "order_line"


@dataclass(frozen=True, slots=True)
class TakenOrder:
    """``is_new`` is False where the channel's external id was known already."""

    order_id: int
    number: str
    is_new: bool


class _Keys(NamedTuple):
    """What the database gave an order before it is written."""

    order_id: int
    number: str
    address_ids: list[int]
    line_ids: list[int]
    is_new: bool


class _Written(NamedTuple):
    order: Assembled
    keys: _Keys


def create_orders(drafts: Sequence[OrderDraft], *, actor: Actor) -> list[TakenOrder]:
    """Enter orders as drafts: numbered, with all lines open and nothing reserved.

    :raises OrderRefused: one of the drafts is not right; nothing was written.
    """
    return _take(drafts, placing=False, skip_refused=False, actor=actor)  # type: ignore[return-value]


@overload
def take_orders(
    drafts: Sequence[OrderDraft], *, actor: Actor, skip_refused: Literal[False] = False
) -> list[TakenOrder]: ...


@overload
def take_orders(
    drafts: Sequence[OrderDraft], *, actor: Actor, skip_refused: Literal[True]
) -> list[TakenOrder | OrderRefused]: ...


def take_orders(drafts: Sequence[OrderDraft], *, actor: Actor, skip_refused: bool = False) -> Any:
    """Enter and place orders in one go; a known (channel, external id) gives the existing order.

    With ``skip_refused`` the rest of the batch goes in, and the answer holds an ``OrderRefused`` in
    the place of each draft that is not right.

    :raises OrderRefused: one of the drafts is not right; nothing was written.
    """
    return _take(drafts, placing=True, skip_refused=skip_refused, actor=actor)


@transaction.atomic
def place_orders(order_ids: Sequence[int], *, actor: Actor) -> None:
    """Accept drafts: their units are reserved, and the orders go to be routed.

    :raises TransitionRefused: one of them is no draft; nothing was changed.
    :raises OrderRefused: a customer is not active any more; nothing was changed.
    """
    orders = Order.objects.lock_all(order_ids)
    _refuse_inactive_customers(orders)
    now = timezone.now()
    for order in orders:
        order.placed_at = now
    perform_all(orders, "place", actor=actor, update_fields=["placed_at"])
    keys = [order.pk for order in orders]
    captured = dict(
        Payment.objects.filter(order__in=keys).values_list("order").annotate(Sum("captured"))
    )
    unpaid = [
        order.pk
        for order in orders
        if order.settlement == Customer.Settlement.PREPAID
        and order.total_amount > captured.get(order.pk, 0)
    ]
    held = hold_for_payment(unpaid, actor=actor) if unpaid else []
    publish(*[OrderPlaced(order_id=key) for key in keys], *held)
    lines = OrderLine.objects.filter(order__in=keys, open__gt=0).order_by("pk")
    reserve_all(
        [
            Claim(product_id=product, quantity=units, demand_kind=DEMAND_KIND, demand_id=key)
            for key, product, units in lines.values_list("pk", "product_id", "open")
        ],
        actor=actor,
    )


def _refuse_inactive_customers(orders: Sequence[Order]) -> None:
    found = Customer.objects.filter(pk__in={order.customer_id for order in orders}, is_active=False)
    for name in found.order_by("pk").values_list("name", flat=True)[:1]:
        sentence = f"The customer {name} is not active."
        raise OrderRefused([LineProblem(None, "customer", sentence)])


@transaction.atomic
def _take(
    drafts: Sequence[OrderDraft], *, placing: bool, skip_refused: bool, actor: Actor
) -> list[TakenOrder | OrderRefused]:
    if not drafts:
        return []
    results: list[TakenOrder | OrderRefused | None] = [None] * len(drafts)
    refused = _check_shape(drafts)
    fine = [i for i in range(len(drafts)) if i not in refused]
    assembled = _check_and_assemble(drafts, fine, refused)
    _settle_refused(drafts, refused, results, skip_refused=skip_refused)

    keys = _claim([assembled[i] for i in assembled]) if assembled else []
    for i, key in zip(assembled, keys, strict=True):
        if key.is_new:
            results[i] = TakenOrder(key.order_id, key.number, is_new=True)
    new = [
        _Written(assembled[i], key) for i, key in zip(assembled, keys, strict=True) if key.is_new
    ]
    if new:
        _write(new, placing=placing, actor=actor)
    _fill_in_known(drafts, results, skip_refused=skip_refused)
    return [result for result in results if result is not None]


def _check_shape(drafts: Sequence[OrderDraft]) -> dict[int, OrderRefused]:
    return {
        i: OrderRefused(problems, draft_index=i)
        for i, draft in enumerate(drafts)
        if (problems := problems_of_shape(draft))
    }


def _check_and_assemble(
    drafts: Sequence[OrderDraft], fine: Sequence[int], refused: dict[int, OrderRefused]
) -> dict[int, Assembled]:
    checked = [drafts[i] for i in fine]
    parties = parties_of(checked) if checked else {}
    products = products_of(checked) if checked else {}
    assembled = {}
    for i in fine:
        draft = drafts[i]
        party = parties[draft.channel_id, draft.customer_id]
        if problems := problems_of_facts(draft, party, products):
            refused[i] = OrderRefused(problems, draft_index=i)
        else:
            assembled[i] = assemble(draft, party, products)
    return assembled


def _settle_refused(
    drafts: Sequence[OrderDraft],
    refused: dict[int, OrderRefused],
    results: list[TakenOrder | OrderRefused | None],
    *,
    skip_refused: bool,
) -> None:
    """A repeated message of a known order is answered with the order, whatever has changed since."""
    if not refused:
        return
    keyed = [i for i in refused if drafts[i].external_id and _is_plain(drafts[i].external_id)]
    known = known_orders([(drafts[i].channel_id, drafts[i].external_id) for i in keyed])
    for i, refusal in sorted(refused.items()):
        order_id, number = known.get((drafts[i].channel_id, drafts[i].external_id), (None, ""))
        if order_id is not None:
            results[i] = TakenOrder(order_id, number, is_new=False)
        elif skip_refused:
            results[i] = refusal
        else:
            raise refusal


def _is_plain(text: str) -> bool:
    return text.isprintable()


def _fill_in_known(
    drafts: Sequence[OrderDraft],
    results: list[TakenOrder | OrderRefused | None],
    *,
    skip_refused: bool,
) -> None:
    missing = [i for i, result in enumerate(results) if result is None]
    if not missing:
        return
    known = known_orders([(drafts[i].channel_id, drafts[i].external_id) for i in missing])
    for i in missing:
        order_id, number = known[drafts[i].channel_id, drafts[i].external_id]
        if order_id is not None:
            results[i] = TakenOrder(order_id, number, is_new=False)
            continue
        sentence = f"The channel withdrew {drafts[i].external_id} before it came in."
        results[i] = refusal = OrderRefused(
            [LineProblem(None, "external_id", sentence)], draft_index=i
        )
        if not skip_refused:
            raise refusal


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


def _claim(orders: Sequence[Assembled]) -> list[_Keys]:
    rows = [
        (
            n,
            order.draft.channel_id,
            order.draft.external_id,
            len(_addresses_of(order)),
            len(order.lines),
        )
        for n, order in enumerate(orders)
    ]
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [list(column) for column in zip(*rows, strict=True)])
        return [_Keys(*row) for row in cursor.fetchall()]


def _addresses_of(order: Assembled) -> list[Address]:
    """The ship-to first, then the bill-to where there is one, then those of lines."""
    bill_to = [order.draft.bill_to] if order.draft.bill_to else []
    own = [line.ship_to for line in order.lines if line.ship_to]
    return list(dict.fromkeys([order.draft.ship_to, *bill_to, *own]))


def _write(new: Sequence[_Written], *, placing: bool, actor: Actor) -> None:
    _write_addresses(new)
    _write_orders(new, placing=placing)
    _write_lines(new)
    _write_charges(new)
    _write_search_terms(new)
    keys = [each.keys.order_id for each in new]
    if not placing:
        activity.record_all(
            [Entry("order", key, "created", new="draft") for key in keys], actor=actor
        )
        return
    activity.record_all(
        [Entry("order", key, "place", "draft", "placed") for key in keys], actor=actor
    )
    unpaid = [each.keys.order_id for each in new if _waits_for_payment(each.order)]
    held = hold_for_payment(unpaid, actor=actor) if unpaid else []
    publish(*[OrderPlaced(order_id=key) for key in keys], *held)
    reserve_all(_claims_of(new), actor=actor)


def _waits_for_payment(order: Assembled) -> bool:
    return order.settlement == Customer.Settlement.PREPAID and order.totals.total > 0


def _write_addresses(new: Sequence[_Written]) -> None:
    rows = [
        (key, address)
        for order, keys in new
        for key, address in zip(keys.address_ids, _addresses_of(order), strict=True)
    ]
    places = {address: key_of(address) for address in dict.fromkeys(row[1] for row in rows)}
    positions = locate_all(places.values())
    bulk.insert(
        OrderAddress,
        ["id", *ADDRESS_COLUMNS, "latitude", "longitude"],
        [
            (key, *(getattr(address, column) for column in ADDRESS_COLUMNS), *_position(position))
            for key, address in rows
            for position in [positions.get(places[address])]
        ],
    )


def _position(position: Any) -> tuple[float | None, float | None]:
    return (position.latitude, position.longitude) if position else (None, None)


def _write_orders(new: Sequence[_Written], *, placing: bool) -> None:
    status = state_after_first(Order, "place") if placing else Order.Status.DRAFT.value
    placed_at = timezone.now() if placing else None
    bulk.insert(
        Order,
        ["id", "number", "status", "placed_at", "ship_to", "bill_to", "channel", "customer"]
        + ["external_id", "settlement", "terms_days", "currency", "prices_include_tax"]
        + ["customer_po_number", "priority", "requested_date", "locale", "sales_rep", "note"]
        + ["linked_order", "lines_amount", "charges_amount", "tax_amount", "total_amount"]
        + ["units", "line_count", "payment_status"],
        [
            (keys.order_id, keys.number, status, placed_at, *_order_addresses(order, keys))
            + _order_columns(order)
            for order, keys in new
        ],
    )


def _order_addresses(order: Assembled, keys: _Keys) -> tuple[int, int | None]:
    if not order.draft.bill_to:
        return keys.address_ids[0], None
    return keys.address_ids[0], keys.address_ids[_addresses_of(order).index(order.draft.bill_to)]


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


def _write_lines(new: Sequence[_Written]) -> None:
    bulk.insert(
        OrderLine,
        ["id", "order", "position", "kind", "parent", "product", "description", "sets", "ordered"]
        + ["open", "unit_price", "price_source", "discount_amount", "net_amount", "tax_amount"]
        + ["tax_rate", "ship_to", "requested_date", "external_id"],
        [row for each in new for row in _line_columns(each)],
    )


def _line_columns(written: _Written) -> Iterable[tuple[Any, ...]]:
    order, keys = written
    by_address = dict(zip(_addresses_of(order), keys.address_ids, strict=True))
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


def _write_charges(new: Sequence[_Written]) -> None:
    bulk.insert(
        Charge,
        ["order", "kind", "description", "net_amount", "tax_amount", "tax_rate"],
        [
            (keys.order_id, charge.kind, charge.description, *charge.amounts, charge.tax_rate)
            for order, keys in new
            for charge in order.charges
        ],
    )


def _write_search_terms(new: Sequence[_Written]) -> None:
    kind = SearchTerm.Kind
    rows = []
    for order, keys in new:
        rows.append((keys.order_id, kind.NUMBER.value, keys.number))
        if order.draft.external_id:
            rows.append((keys.order_id, kind.EXTERNAL_ID.value, order.draft.external_id))
        if order.draft.customer_po_number:
            rows.append((keys.order_id, kind.PO_NUMBER.value, order.draft.customer_po_number))
        skus = dict.fromkeys(line.sku for line in order.lines)
        rows += [(keys.order_id, kind.SKU.value, sku) for sku in skus]
    bulk.insert(SearchTerm, ["order", "kind", "term"], rows)


def _claims_of(new: Sequence[_Written]) -> list[Claim]:
    return [
        Claim(
            product_id=line.product_id,
            quantity=line.ordered,
            demand_kind=DEMAND_KIND,
            demand_id=key,
        )
        for order, keys in new
        for key, line in zip(keys.line_ids, order.lines, strict=True)
        if line.ordered
    ]
