"""The ledger of a product as a list: filters, pages by key, links to what each movement was for."""

from __future__ import annotations

from dataclasses import dataclass

from django import forms
from django.http import QueryDict
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


LEDGER = Listing(
    name="ledger",
    views=(
        View("all", _("All movements"), lambda rows: rows),
        View("stock", _("On hand changed"), lambda rows: rows.exclude(on_hand_delta=0)),
    ),
    filters=(
        Filter("warehouse", _warehouse_field, lambda rows, code: rows.filter(warehouse__code=code)),
        Filter("kind", _kind_field, lambda rows, kind: rows.filter(kind=kind)),
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
