"""What lies in the bins as a table: an import books the difference, its undo books it back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from inventory.availability import available
from inventory.models import Bin, BinContent, Lot, Product, StockLevel
from inventory.services.goods import Adjustment, adjust
from oms.core.actors import Actor
from oms.core.cells import Text, Whole
from oms.core.imports import CHUNK, Change, Column, Importer, Key, Problem, Values

_PATHS = ("bin__warehouse__code", "bin__code", "product__sku", "lot__code", "serial", "quantity")
_NAMES = ("warehouse", "bin", "sku", "lot", "serial", "quantity")


@dataclass(frozen=True, slots=True)
class _World:
    """The bins, products and lots that some keys name, by folded codes."""

    bins: dict[tuple[str, str], Bin]
    products: dict[str, Product]
    lots: dict[tuple[str, str], int]

    @classmethod
    def of(cls, keys: Collection[Key]) -> _World:
        bins = Bin.objects.annotate(place=Lower("warehouse__code"), folded=Lower("code")).filter(
            place__in={key[0] for key in keys}, folded__in={key[1] for key in keys}
        )
        skus = {key[2] for key in keys}
        products = Product.objects.annotate(folded=Lower("sku")).filter(folded__in=skus)
        known = {product.sku.lower(): product for product in products}
        lots = Lot.objects.annotate(folded=Lower("code")).filter(
            product__in=[product.pk for product in known.values()],
            folded__in={key[3] for key in keys if key[3]},
        )
        by_pk = {product.pk: sku for sku, product in known.items()}
        return cls(
            bins={(each.place, each.folded): each for each in bins.select_related("warehouse")},
            products=known,
            lots={(by_pk[lot.product_id], lot.folded): lot.pk for lot in lots},
        )

    def knows(self, key: Key) -> bool:
        warehouse, code, sku, lot, _serial = key
        return (
            (warehouse, code) in self.bins
            and sku in self.products
            and (not lot or (sku, lot) in self.lots)
        )

    def codes_of(self, key: Key) -> tuple[str, str, str]:
        place = self.bins[key[0], key[1]]
        return place.warehouse.code, place.code, self.products[key[2]].sku


class StockImporter(Importer):
    """Units by warehouse, bin, SKU, lot and serial number; the quantity is what lies there."""

    name = "stock"
    label = _("Stock")
    permission = "inventory.approve_adjustment"
    explain = _(
        "Known by warehouse, bin, SKU, lot and serial number. The quantity is what lies in the bin;"
        " the difference is booked as a correction."
    )
    key = ("warehouse", "bin", "sku", "lot", "serial")
    columns = (
        Column("warehouse", _("warehouse"), Text(), ("site", "location"), is_required=True),
        Column("bin", _("bin"), Text(), ("shelf", "place"), is_required=True),
        Column("sku", _("SKU"), Text(), ("product", "item number"), is_required=True),
        Column("lot", _("lot"), Text(), ("batch",), can_be_empty=True),
        Column("serial", _("serial number"), Text(), ("serial no",), can_be_empty=True),
        Column("quantity", _("quantity"), Whole(), ("on hand", "units", "qty"), is_required=True),
    )

    def read(self, keys: Collection[Key]) -> dict[Key, Values]:
        """Every known place has a quantity, 0 where nothing lies."""
        world = _World.of(keys)
        contents = BinContent.objects.filter(
            bin__in=[each.pk for each in world.bins.values()],
            product__in=[each.pk for each in world.products.values()],
        )
        lying = {self.key_of(values): values for values in _shown(contents)}
        return {key: lying.get(key) or _nothing(world, key) for key in keys if world.knows(key)}

    def lock(self, keys: Collection[Key]) -> None:
        world = _World.of(keys)
        pairs = {
            (world.bins[key[0], key[1]].warehouse_id, world.products[key[2]].pk)
            for key in keys
            if world.knows(key)
        }
        with connection.cursor() as cursor:
            cursor.execute(_LOCK, [[w for w, _p in pairs], [p for _w, p in pairs]])

    def export(self) -> Iterator[Values]:
        contents = BinContent.objects.filter(quantity__gt=0)
        ordered = contents.order_by("bin__warehouse__code", "bin__code", "product__sku", "pk")
        yield from _shown(ordered)

    # --- Checking -----------------------------------------------------------------------------

    def check(self, changes: Sequence[Change]) -> Iterable[Problem]:
        world = _World.of({each.key for each in changes})
        known = []
        for each in changes:
            found = self._unknown(world, each) or self._wrong_goods(world, each)
            if found:
                yield Problem(each.row_number, *found)
            else:
                known.append(each)
        yield from self._more_than_free(world, known)

    def _unknown(self, world: _World, change: Change) -> tuple[str, str] | None:
        warehouse, code, sku, lot, _serial = change.key
        if sku not in world.products:
            return "sku", f"There is no product {change.after['sku']}."
        place = world.bins.get((warehouse, code))
        if place is None:
            return "bin", f"{change.after['warehouse']} has no bin {change.after['bin']}."
        if not place.is_active and _delta(change) > 0:
            return "bin", f"Bin {place.code} is closed: choose another bin."
        if lot and (sku, lot) not in world.lots:
            return "lot", f"There is no lot {change.after['lot']} of {change.after['sku']}."
        return None

    def _wrong_goods(self, world: _World, change: Change) -> tuple[str, str] | None:
        product = world.products[change.key[2]]
        lot, serial, tracking = change.key[3], change.key[4], product.tracking
        if product.is_kit:
            return "sku", f"{product.sku} is a kit: stock its components instead."
        if tracking == Product.Tracking.LOT and not lot:
            return "lot", f"{product.sku} is tracked by lot: say which."
        if tracking == Product.Tracking.SERIAL and not serial:
            return "serial", f"{product.sku} is tracked by serial number: one row for each unit."
        if tracking != Product.Tracking.SERIAL and serial:
            return "serial", f"{product.sku} is not tracked by serial number."
        if tracking == Product.Tracking.NONE and lot:
            return "lot", f"{product.sku} is not tracked by lot."
        if serial and int(change.after["quantity"]) > 1:
            return "quantity", "A serial number stands for one unit."
        return None

    def _more_than_free(self, world: _World, changes: Sequence[Change]) -> Iterator[Problem]:
        """Below what is allocated nobody counts: the rows of such a level are refused."""
        leaving: dict[tuple[int, int], int] = defaultdict(int)
        rows: dict[tuple[int, int], list[Change]] = defaultdict(list)
        for each in changes:
            place = world.bins[each.key[0], each.key[1]]
            if place.kind not in Bin.BLOCKED_KINDS:
                level = place.warehouse_id, world.products[each.key[2]].pk
                leaving[level] += _delta(each)
                rows[level].append(each)
        free = _free({level for level, delta in leaving.items() if delta < 0})
        for level, units in free.items():
            if units + leaving[level] < 0:
                for each in (each for each in rows[level] if _delta(each) < 0):
                    sentence = f"Only {units} of {each.after['sku']} may go: the rest is allocated."
                    yield Problem(each.row_number, "quantity", sentence)

    # --- Booking ------------------------------------------------------------------------------

    def write(self, changes: Sequence[Change], *, actor: Actor, document: str) -> None:
        self._book(changes, 1, actor, document, f"import:{document}")

    def take_back(self, changes: Sequence[Change], *, actor: Actor, document: str) -> None:
        self._book(changes, -1, actor, document, f"undo-import:{document}")

    def _book(
        self, changes: Sequence[Change], sign: int, actor: Actor, document: str, key: str
    ) -> None:
        world = _World.of({each.key for each in changes})
        rows = [
            Adjustment(
                warehouse_id=world.bins[each.key[0], each.key[1]].warehouse_id,
                bin_id=world.bins[each.key[0], each.key[1]].pk,
                product_id=world.products[each.key[2]].pk,
                lot_id=world.lots.get((each.key[2], each.key[3])),
                serial=each.after["serial"] or None,
                delta=sign * _delta(each),
                reason="import" if sign > 0 else "import undone",
                document=document,
                idem_key=f"{key}:{each.row_number}",
            )
            for each in changes
        ]
        adjust(rows, actor=actor)


def _delta(change: Change) -> int:
    before = change.before or {}
    return int(change.after["quantity"]) - int(before.get("quantity") or 0)


def _shown(contents: Iterable[BinContent]) -> Iterator[Values]:
    rows = contents.values_list(*_PATHS)  # type: ignore[attr-defined]
    for row in rows.iterator(chunk_size=CHUNK):
        yield {
            name: "" if value is None else str(value)
            for name, value in zip(_NAMES, row, strict=True)
        }


def _nothing(world: _World, key: Key) -> Values:
    warehouse, place, sku = world.codes_of(key)
    return dict(zip(_NAMES, (warehouse, place, sku, key[3], key[4], "0"), strict=True))


def _free(levels: Collection[tuple[int, int]]) -> dict[tuple[int, int], int]:
    found = StockLevel.objects.filter(
        warehouse__in={w for w, _p in levels}, product__in={p for _w, p in levels}
    )
    free = {
        (each.warehouse_id, each.product_id): available(each.on_hand, each.allocated, each.blocked)
        for each in found
    }
    return {level: free.get(level, 0) for level in levels}


_LOCK = """
SELECT FROM inventory_stocklevel level
JOIN unnest(%s::bigint[], %s::bigint[]) AS wanted(warehouse_id, product_id)
  USING (warehouse_id, product_id)
ORDER BY level.warehouse_id, level.product_id FOR NO KEY UPDATE OF level"""
