"""Tags on orders: short words that filters and routing rules look for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db import connection, transaction

from oms.core import activity
from oms.core.actors import Actor
from orders.drafts import problems_of_tags
from orders.exceptions import TagRefused, UnknownOrder
from orders.models import Order


@transaction.atomic
def tag_order(*, order_id: int, tags: Iterable[str], actor: Actor) -> list[str]:
    """Give an order just these tags; says which it has now, in alphabetical order.

    :raises UnknownOrder: there is no such order.
    :raises TagRefused: one of them is no tag, or they are too many; nothing was changed.
    """
    wanted = clean_tags(tags)
    try:
        order = Order.objects.lock(order_id)
    except Order.DoesNotExist:
        raise UnknownOrder("There is no such order.") from None
    if wanted != order.tags:
        Order.objects.filter(pk=order.pk).update(tags=wanted)
        old, new = ", ".join(order.tags), ", ".join(wanted)
        activity.record(order, "tagged", actor=actor, old=old, new=new)
    return wanted


def clean_tags(tags: Iterable[str]) -> list[str]:
    """Each once, without space around it, in alphabetical order.

    :raises TagRefused: see `tag_order`.
    """
    found = sorted({" ".join(tag.split()).lower() for tag in tags if tag.strip()})
    if problems := list(problems_of_tags(found)):
        raise TagRefused(" ".join(problems))
    return found


def write_tags(new: Mapping[int, Iterable[str]]) -> None:
    """The tags of orders that are being written, by their key, with one statement."""
    rows = [(key, tag) for key, tags in new.items() for tag in clean_tags(tags)]
    keys, words = [key for key, _ in rows], [tag for _, tag in rows]
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, [keys, words])


_WRITE = """
UPDATE orders_order SET tags = given.tags
FROM (SELECT id, array_agg(tag ORDER BY tag) AS tags
      FROM unnest(%s::bigint[], %s::text[]) AS t(id, tag) GROUP BY id) given
WHERE orders_order.id = given.id"""
