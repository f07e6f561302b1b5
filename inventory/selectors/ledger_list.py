"""The ledger of a product as a list: filters, pages by key, links to what each movement was for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from inventory.models import MovementKind, Product, StockMovement, Warehouse
from inventory.ports import DemandLink, resolve_demands
from oms.core import listing
from oms.core.listing import Filter, Listing, ListPage, Sort, View


def _warehouse_field() -> forms.Field:
    warehouses = Warehouse.objects.order_by("priority", "code").values_list("code", "title")
    return forms.ChoiceField(
        label=_("Warehouse"), required=False, choices=lambda: [("", _("Any")), *warehouses]
    )


def _kind_field() -> forms.Field:
    return forms.ChoiceField(
        label=_("Movement"), required=False, choices=[("", _("Any")), *MovementKind.choices]
    )


def _document_field() -> forms.Field:
    return forms.CharField(label=_("Document"), required=False, max_length=64)


LEDGER = Listing(
    name="ledger",
    views=(
        View("all", _("All movements"), lambda rows: rows),
        View("stock", _("On hand changed"), lambda rows: rows.exclude(on_hand_delta=0)),
    ),
    filters=(
        Filter("warehouse", _warehouse_field, lambda rows, code: rows.filter(warehouse__code=code)),
        Filter("kind", _kind_field, lambda rows, kind: rows.filter(kind=kind)),
        Filter(
            "document",
            _document_field,
            lambda rows, text: rows.filter(document__iexact=text.strip()),
        ),
    ),
    sorts=(Sort("time", _("Time"), "id"),),
    page_size=25,
)
HEADS = (
    (_("Time"), "time", ""),
    (_("Movement"), "", ""),
    (_("Warehouse"), "", ""),
    (_("On hand"), "", "num"),
    (_("After"), "", "num"),
    (_("Allocated"), "", "num"),
    (_("After"), "", "num"),
    (_("Document"), "", ""),
    (_("By"), "", ""),
    (_("Note"), "", ""),
)
RELATED = ("warehouse", "bin_from", "bin_to", "lot")


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """A movement with the balance after it, and whom it was for."""

    movement: StockMovement
    place: str
    demand: DemandLink | None


def ledger_list(product: Product, params: QueryDict) -> tuple[ListPage, list[LedgerRow]]:
    """One page of the ledger of a product, the newest first: "why is it 47?"."""
    rows = StockMovement.objects.filter(product=product)
    found = listing.load(LEDGER, params, rows, heads=HEADS, related=RELATED)
    movements: list[StockMovement] = found.page.rows
    links = resolve_demands(
        (each.demand_kind, each.demand_id) for each in movements if each.demand_id is not None
    )
    return found, [
        LedgerRow(each, _place(each), links.get((each.demand_kind, each.demand_id or 0)))
        for each in movements
    ]


def _place(movement: StockMovement) -> str:
    """From which bin to which; one of them alone where goods enter or leave."""
    return " → ".join(each.code for each in (movement.bin_from, movement.bin_to) if each)


FILE_HEADS = (
    "time", "movement", "warehouse", "quantity", "on_hand_change", "on_hand_after",
    "allocated_change", "allocated_after", "blocked_change", "blocked_after", "bin_from", "bin_to",
    "lot", "serial", "document", "demand_kind", "demand_id", "by", "reason", "note",
)  # fmt: skip
_FILE_PATHS = (
    "at", "kind", "warehouse__code", "quantity", "on_hand_delta", "on_hand_after",
    "allocated_delta", "allocated_after", "blocked_delta", "blocked_after", "bin_from__code",
    "bin_to__code", "lot__code", "serial", "document", "demand_kind", "demand_id", "actor_label",
    "reason", "note",
)  # fmt: skip


def ledger_file(product: Product, params: QueryDict) -> Iterator[Sequence[Any]]:
    """The filtered ledger as rows of a file, the newest first, read while it is sent."""
    rows = LEDGER.read(params).narrow(StockMovement.objects.filter(product=product))
    for at, *others in rows.order_by("-id").values_list(*_FILE_PATHS).iterator():
        yield [timezone.localtime(at).isoformat(timespec="seconds"), *others]
