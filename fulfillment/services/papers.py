"""Asking for the papers of the floor: pick lists and packing slips."""

from __future__ import annotations

from collections.abc import Sequence

from fulfillment.models import PickList, Shipment
from oms.core.actors import Actor
from oms.core.models import Paper
from oms.core.papers import request_paper

PICK_LIST = "pick_list"
PACKING_SLIP = "packing_slip"


def request_pick_lists(shipment_ids: Sequence[int], *, actor: Actor) -> None:
    """Ask for the pick lists that these shipments are on, each once."""
    lists = PickList.objects.filter(
        picks__shipment_line__shipment__in=shipment_ids, canceled_at=None
    ).distinct()
    drawn = set(
        Paper.objects.filter(
            kind=PICK_LIST, document_kind="picklist", document_id__in=lists.values("pk")
        ).values_list("document_id", flat=True)
    )
    for pick_list in lists.exclude(pk__in=drawn).order_by("pk"):
        request_paper(
            kind=PICK_LIST,
            document_kind="picklist",
            document_id=pick_list.pk,
            title=pick_list.number,
            actor=actor,
        )


def request_packing_slips(shipment_ids: Sequence[int], *, actor: Actor) -> None:
    """Ask for the packing slips of shipments, in the language of their orders."""
    for shipment in Shipment.objects.filter(pk__in=shipment_ids).order_by("pk"):
        request_paper(
            kind=PACKING_SLIP,
            document_kind="shipment",
            document_id=shipment.pk,
            title=shipment.number,
            locale=shipment.locale[:12],
            actor=actor,
        )
