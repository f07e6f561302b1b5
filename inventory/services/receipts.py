"""What comes in, whatever it is received against: checked, laid into bins, kept as receipt lines."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from inventory.exceptions import ReceiptRefused
from inventory.models import Bin, Lot, Product, Receipt, ReceiptLine, Warehouse
from inventory.services.goods import GoodsReceipt


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """What came of one line: ``damaged`` of ``quantity`` units go to quarantine, the rest to the bin.

    ``lot`` or ``serials`` are for products that are tracked so; of serial numbers,
    ``damaged_serials`` says which units are damaged. With ``closes`` the line waits for no more.
    """

    line_id: int
    quantity: int
    bin_id: int
    damaged: int = 0
    lot: str = ""
    expiry_date: date | None = None
    serials: tuple[str, ...] = ()
    damaged_serials: tuple[str, ...] = ()
    closes: bool = False
    difference: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was entered; damaged units, lots and numbers want a quantity, too."""
        goods = self.quantity or self.damaged or self.lot or self.serials or self.damaged_serials
        return not (goods or self.closes)


def check_units(product: Product, each: Arrived) -> None:
    """Hold what was entered against how the product is tracked.

    :raises ReceiptRefused: the numbers do not fit together.
    """
    facts: dict[str, Any] = {"sku": product.sku, "n": each.quantity, "damaged": each.damaged}
    if each.quantity < 0 or not 0 <= each.damaged <= each.quantity:
        raise ReceiptRefused(_("%(sku)s: %(damaged)d of %(n)d units cannot be damaged.") % facts)
    if each.lot and not each.quantity:
        sentence = _("%(sku)s: say how many units of lot %(lot)s came.")
        raise ReceiptRefused(sentence % (facts | {"lot": each.lot}))
    if product.tracking == Product.Tracking.LOT and each.quantity and not each.lot:
        raise ReceiptRefused(_("%(sku)s is tracked by lot: enter the lot of these units.") % facts)
    if product.tracking != Product.Tracking.SERIAL:
        return
    facts |= {"given": len(set(each.serials))}
    if len(each.serials) != each.quantity or facts["given"] != each.quantity:
        sentence = _("%(sku)s: %(n)d units came with %(given)d different serial numbers.")
        raise ReceiptRefused(sentence % facts)
    if not set(each.damaged_serials) <= set(each.serials):
        raise ReceiptRefused(_("%(sku)s: a damaged number is none of those that came.") % facts)


def lots_for(
    arrived: Sequence[tuple[Product, Arrived]],
) -> dict[tuple[int, str], Lot]:
    """The lots that came, the new ones made; two statements.

    :raises ReceiptRefused: a lot is known with another expiry date.
    """
    came = [(product, each) for product, each in arrived if each.lot and each.quantity]
    wanted: dict[tuple[int, str], date | None] = {}
    for product, each in came:
        key = (product.pk, each.lot)
        wanted[key] = wanted.get(key) or each.expiry_date
    Lot.objects.bulk_create(
        [
            Lot(product_id=product_id, code=code, expiry_date=wanted[product_id, code])
            for product_id, code in sorted(wanted)
        ],
        ignore_conflicts=True,
    )
    found = Lot.objects.filter(
        product__in={key for key, _code in wanted}, code__in={code for _key, code in wanted}
    )
    lots = {(lot.product_id, lot.code): lot for lot in found}
    for product, each in came:
        known = lots[product.pk, each.lot].expiry_date
        if each.expiry_date and known != each.expiry_date:
            facts = {"sku": product.sku, "lot": each.lot, "date": known or _("no day")}
            sentence = _("Lot %(lot)s of %(sku)s is known to expire on %(date)s: check the label.")
            raise ReceiptRefused(sentence % facts)
    return lots


def quarantine_bin(warehouse: Warehouse) -> Bin:
    """Where damaged goods go.

    :raises ReceiptRefused: the warehouse has no such bin.
    """
    bins = Bin.objects.filter(warehouse=warehouse, kind=Bin.Kind.QUARANTINE, is_active=True)
    found = bins.order_by("walk_order", "code").first()
    if found is None:
        raise ReceiptRefused(_("%s has no quarantine bin for damaged goods: add one.") % warehouse)
    return found


def keep_lines(
    receipt: Receipt,
    arrived: Sequence[tuple[Product, Arrived]],
    *,
    column: str,
    not_coming: Mapping[int, int],
) -> list[ReceiptLine]:
    """The lines of a receipt: one for each lot and each serial number. ``column`` names the line
    that they refer to (``purchase_line`` or ``transfer_line``).
    """
    lots = lots_for(arrived)
    rows: list[ReceiptLine] = []
    given_up: set[int] = set()
    for product, each in arrived:
        lot = lots.get((product.pk, each.lot)) if each.quantity else None
        units = _units(each) if product.tracking == Product.Tracking.SERIAL else [
            (each.quantity, each.damaged, None)
        ]  # fmt: skip
        for at, (quantity, damaged, serial) in enumerate(units):
            rest = not_coming.get(each.line_id, 0) if each.line_id not in given_up else 0
            given_up.add(each.line_id)
            rows.append(
                ReceiptLine(
                    receipt=receipt,
                    product=product,
                    quantity=quantity,
                    damaged=damaged,
                    not_coming=rest,
                    bin_id=each.bin_id,
                    lot=lot,
                    serial=serial,
                    difference=each.difference if at == 0 else "",
                    **{f"{column}_id": each.line_id},
                )
            )
    return ReceiptLine.objects.bulk_create([row for row in rows if row.quantity or row.not_coming])


def _units(each: Arrived) -> list[tuple[int, int, str | None]]:
    bad: Collection[str] = set(each.damaged_serials)
    return [(1, int(serial in bad), serial) for serial in each.serials] or [(0, 0, None)]


def goods_of(receipt: Receipt, lines: Sequence[ReceiptLine]) -> list[GoodsReceipt]:
    """What the ledger books for the lines of a receipt; the keys are those of `booking_keys`."""
    quarantine = quarantine_bin(receipt.warehouse) if any(x.damaged for x in lines) else None
    booked = []
    for line in lines:
        good, bad = booking_keys(line)
        places = [(line.quantity - line.damaged, line.bin_id, good)]
        if quarantine is not None:
            places.append((line.damaged, quarantine.pk, bad))
        booked += [
            GoodsReceipt(
                warehouse_id=receipt.warehouse_id, product_id=line.product_id, bin_id=bin_id,
                quantity=quantity, idem_key=key, document=receipt.number,
                reason=line.difference[:64], lot_id=line.lot_id, serial=line.serial,
            )
            for quantity, bin_id, key in places
            if quantity
        ]  # fmt: skip
    return booked


def booking_keys(line: ReceiptLine) -> tuple[str, str]:
    """Under which keys the ledger keeps the good and the damaged units of a line."""
    return f"receipt:{line.pk}:good", f"receipt:{line.pk}:damaged"
