"""Transfers: the list, the page of one, finding them, and what is on the way of a product."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet, Sum
from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from inventory.models import Bin, Receipt, Transfer, TransferLine, TransferPart, Warehouse
from inventory.ports import DemandLink
from inventory.selectors.count_list import warehouse_field
from inventory.selectors.history import Entry, history_of
from inventory.selectors.scope import warehouses_for
from oms.core import listing
from oms.core.links import Link
from oms.core.listing import Filter, Listing, ListPage, Sort, View
from oms.core.models import Paper
from oms.core.search import Hit

Transfers = QuerySet[Transfer]


def transfers_for(user: Any) -> Transfers:
    """The transfers that begin or end in this person's warehouses."""
    places = warehouses_for(user)
    return Transfer.objects.filter(Q(warehouse_from__in=places) | Q(warehouse_to__in=places))


def _with_status(*statuses: str) -> Any:
    return lambda rows: rows.filter(status__in=statuses)


def _touching(rows: Any, code: str) -> Any:
    return rows.filter(Q(warehouse_from__code=code) | Q(warehouse_to__code=code))


TRANSFERS = Listing(
    name="transfers",
    views=(
        View("all", _("All"), lambda rows: rows),
        View("draft", _("Drafts"), _with_status(Transfer.Status.DRAFT)),
        View("approved", _("To send"), _with_status(Transfer.Status.APPROVED), hot=True),
        View("arriving", _("On the way"), _with_status(*Transfer.ARRIVING)),
        View("received", _("Received"), _with_status(Transfer.Status.RECEIVED)),
        View("canceled", _("Canceled"), _with_status(Transfer.Status.CANCELED)),
    ),
    filters=(Filter("warehouse", warehouse_field, _touching),),
    sorts=(
        Sort("number", _("Transfer"), "id"),
        Sort("expected", _("Expected"), "expected_date", descending=False),
    ),
)
HEADS = (
    (_("Transfer"), "number", ""),
    (_("From → to"), "", ""),
    (_("Units"), "", "num"),
    (_("In transit"), "", "num opt"),
    (_("Expected"), "expected", "opt"),
    (_("Created"), "", ""),
    (_("Status"), "", ""),
)


@dataclass(frozen=True, slots=True)
class TransferRow:
    transfer: Transfer
    units: int
    in_transit: int


def transfer_list(user: Any, params: QueryDict) -> tuple[ListPage, list[TransferRow]]:
    """One page of transfers with their units: three statements."""
    found = listing.load(
        TRANSFERS, params, transfers_for(user), search=_narrow, heads=HEADS,
        related=("warehouse_from", "warehouse_to"),
    )  # fmt: skip
    keys = [transfer.pk for transfer in found.page.rows]
    lines = TransferLine.objects.filter(transfer__in=keys).values_list("transfer_id")
    rows = lines.annotate(units=Sum("quantity"), way=Sum("sent") - Sum("received") - Sum("lost"))
    sums = {key: (units, way) for key, units, way in rows}
    return found, [TransferRow(each, *sums.get(each.pk, (0, 0))) for each in found.page.rows]


def _narrow(rows: Transfers, text: str) -> Transfers:
    lines = TransferLine.objects.filter(product__sku__iexact=text).values("transfer_id")
    return rows.filter(Q(number__istartswith=text) | Q(pk__in=lines))


@dataclass(frozen=True, slots=True)
class LineRow:
    """A line with the lots and serial numbers that left."""

    line: TransferLine
    parts: Sequence[TransferPart]
    available: int

    @property
    def is_tracked(self) -> bool:
        return any(part.lot_id or part.serial for part in self.parts)

    @property
    def missing(self) -> int:
        """How many units the sending warehouse lacks, for a draft."""
        return max(0, self.line.quantity - self.available)


@dataclass(frozen=True, slots=True)
class TransferPage:
    transfer: Transfer
    rows: Sequence[LineRow]
    receipts: Sequence[Receipt]
    papers: Sequence[Paper]
    timeline: Sequence[Entry]

    @property
    def parts_on_the_way(self) -> list[TransferPart]:
        return [part for row in self.rows for part in row.parts if part.in_transit]

    @property
    def in_transit(self) -> int:
        return sum(row.line.in_transit for row in self.rows)

    @property
    def sentence(self) -> str:
        transfer, units = self.transfer, sum(row.line.quantity for row in self.rows)
        words = {
            "units": ngettext("%d unit", "%d units", units) % units,
            "start": transfer.warehouse_from.code,
            "end": transfer.warehouse_to.code,
        }
        return gettext("%(units)s from %(start)s to %(end)s") % words


def transfer_page(user: Any, number: str) -> TransferPage:
    """What the page of a transfer shows, with a constant number of statements.

    :raises Transfer.DoesNotExist: there is none, or it is not this person's to see.
    """
    related = ("warehouse_from", "warehouse_to")
    transfer = transfers_for(user).select_related(*related).get(number=number)
    lines = list(transfer.lines.select_related("product").order_by("product__sku"))
    parts = list(
        TransferPart.objects.filter(line__transfer=transfer)
        .select_related("line__product", "lot")
        .order_by("line__product__sku", "lot__expiry_date", "serial", "pk")
    )
    free = _available(transfer, [line.product_id for line in lines])
    return TransferPage(
        transfer=transfer,
        rows=[
            LineRow(line, [p for p in parts if p.line_id == line.pk], free.get(line.product_id, 0))
            for line in lines
        ],
        receipts=list(transfer.receipts.order_by("pk")),
        papers=list(
            Paper.objects.filter(document_kind="transfer", document_id=transfer.pk).order_by("-pk")
        ),
        timeline=history_of([("transfer", transfer.pk)]),
    )


def _available(transfer: Transfer, product_ids: Sequence[int]) -> dict[int, int]:
    levels = Warehouse.objects.get(pk=transfer.warehouse_from_id).levels
    rows = levels.filter(product__in=product_ids)
    return {row.product_id: row.on_hand - row.allocated - row.blocked for row in rows}


def target_bins(warehouse_id: int) -> QuerySet[Bin]:
    """Where arriving goods may be put: receiving first, then the shelves."""
    kinds = [Bin.Kind.RECEIVING, Bin.Kind.SHELF]
    bins = Bin.objects.filter(warehouse=warehouse_id, kind__in=kinds, is_active=True)
    return bins.order_by("kind", "walk_order", "code")


def find_transfers(user: Any, text: str) -> list[Hit]:
    """A transfer by its whole number."""
    if not user.has_perm("inventory.view_transfer"):
        return []
    found = transfers_for(user).filter(number=text.upper())
    return [
        Hit(
            url=reverse("inventory:transfer_page", args=[each.number]),
            title=each.number,
            group=gettext("Transfers"),
            matched=gettext("by number"),
            detail=f"{each.warehouse_from} → {each.warehouse_to}",
            exact=True,
        )
        for each in found.select_related("warehouse_from", "warehouse_to")
    ]


def transfer_links(ids: Sequence[int]) -> dict[int, Link]:
    rows = Transfer.objects.filter(pk__in=ids).values_list("pk", "number")
    return {
        key: Link(number, reverse("inventory:transfer_page", args=[number])) for key, number in rows
    }


def demand_links(ids: Sequence[int]) -> dict[int, DemandLink]:
    """The transfers behind allocated transfer lines."""
    rows = TransferLine.objects.filter(pk__in=ids).values_list("pk", "transfer__number")
    return {
        key: DemandLink(number, reverse("inventory:transfer_page", args=[number]))
        for key, number in rows
    }
