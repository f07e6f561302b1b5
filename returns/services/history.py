"""Returns of the time before this system: settled, with their dates, without any stock movement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import connection, transaction

from oms.core import activity, bulk
from oms.core.activity import Entry
from oms.core.actors import Actor
from oms.core.workflow import insert_in_state
from orders.models import SalesChannel
from orders.services.history import mark_returned
from returns.models import Return, ReturnLine

Sale = tuple[str, int]
"""A sale's external id and the position of its line."""


@dataclass(frozen=True, slots=True)
class PastReturnLine:
    """Units that came back; ``sale`` is None where nobody knows which sale they are from."""

    ordinal: int
    product_id: int
    quantity: int
    amount: Decimal
    sale: Sale | None


@dataclass(frozen=True, slots=True)
class PastReturn:
    external_id: str
    customer_id: int
    at: datetime
    lines: Sequence[PastReturnLine]


@transaction.atomic
def keep_returns(returns: Sequence[PastReturn], *, channel: SalesChannel, actor: Actor) -> None:
    """Keep past returns as settled records and count their units on the lines they came from.

    :raises LookupError: a line names a sale that the channel does not know.
    """
    if not returns:
        return
    ids = bulk.draw_ids(Return, len(returns))
    insert_in_state(
        Return,
        [_record(each, pk, channel) for pk, each in zip(ids, returns, strict=True)],
    )
    lines = [line for each in returns for line in each.lines]
    sales = _order_lines({line.sale for line in lines if line.sale}, channel)
    bulk.copy(
        ReturnLine,
        ["customer_return", "order", "order_line", "product", "quantity", "amount", "ordinal"],
        [
            (pk, *_sold(line, sales), line.product_id, line.quantity, line.amount, line.ordinal)
            for pk, each in zip(ids, returns, strict=True)
            for line in each.lines
        ],
    )
    returned: Counter[int] = Counter()
    for line in lines:
        if line.sale:
            returned[sales[line.sale][1]] += line.quantity
    mark_returned(returned)
    entries = [Entry("return", pk, "imported", new="settled") for pk in ids]
    activity.record_all(entries, actor=actor)


def _record(each: PastReturn, pk: int, channel: SalesChannel) -> Return:
    return Return(
        pk=pk,
        channel_id=channel.pk,
        external_id=each.external_id,
        customer_id=each.customer_id,
        status=Return.Status.SETTLED,
        credited_amount=sum((line.amount for line in each.lines), Decimal(0)),
        currency=channel.currency,
        is_history=True,
        created_at=each.at,
        settled_at=each.at,
    )


def _sold(
    line: PastReturnLine, sales: Mapping[Sale, tuple[int, int]]
) -> tuple[int | None, int | None]:
    if line.sale is None:
        return None, None
    if line.sale not in sales:
        raise LookupError(f"There is no line {line.sale[1]} on {line.sale[0]} to return from.")
    return sales[line.sale]


def _order_lines(sales: set[Sale], channel: SalesChannel) -> dict[Sale, tuple[int, int]]:
    """Order and line of each sale."""
    if not sales:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ref.external_id, line.position, line.order_id, line.id"
            " FROM unnest(%s::text[], %s::int[]) AS sale (external_id, position)"
            " JOIN orders_externalreference ref"
            " ON ref.channel_id = %s AND ref.external_id = sale.external_id"
            " JOIN orders_orderline line"
            " ON line.order_id = ref.order_id AND line.position = sale.position",
            [[sale[0] for sale in sales], [sale[1] for sale in sales], channel.pk],
        )
        return {(row[0], row[1]): (row[2], row[3]) for row in cursor.fetchall()}
