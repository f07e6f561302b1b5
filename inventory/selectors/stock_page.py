"""The stock page of a product: where it lies, who has a claim on it, and why the number is what it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection
from django.db.models import Q, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from inventory import ports
from inventory.availability import Totals, available_to_promise
from inventory.balancing import cover_days
from inventory.models import (
    Allocation,
    BinContent,
    MovementKind,
    Product,
    Reservation,
    StockLevel,
    StockMovement,
    Warehouse,
)
from inventory.models.claims import RESTING
from inventory.selectors.outlook import Outlook, outlook_of, total_outlook

DAYS = 90
PAGE_SIZE = 50
CLAIMS_SHOWN = 100


@dataclass(frozen=True, slots=True)
class BinRow:
    """What lies in one bin."""

    code: str
    kind: str
    is_blocked: bool
    quantity: int
    lot: str
    serial: str


@dataclass(frozen=True, slots=True)
class LevelRow:
    """One warehouse, with its bins. ``agrees``: its last movement's balance is the level's."""

    warehouse: Warehouse
    totals: Totals
    bins: Sequence[BinRow]
    agrees: bool
    outlook: Outlook

    @property
    def cover_days(self) -> int | None:
        return cover_days(self.totals.available, self.outlook.daily_demand)


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """Units that somebody waits for, with a link to who. ``kind`` is empty for allocations."""

    demand: ports.DemandLink
    quantity: int
    warehouse: str
    since: datetime | None
    kind: str = ""
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LedgerPage:
    """Movements, the newest first; ``next_before`` leads to the older ones."""

    rows: Sequence[LedgerRow]
    next_before: int | None


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """A movement, and whom it was for."""

    movement: StockMovement
    demand: ports.DemandLink | None

    @property
    def available_after(self) -> int:
        m = self.movement
        return m.on_hand_after - m.allocated_after - m.blocked_after


@dataclass(frozen=True, slots=True)
class DayBalance:
    """On hand at the end of a day, and the units that left for customers during it."""

    day: date
    on_hand: int
    shipped: int = 0


@dataclass(frozen=True, slots=True)
class StockPage:
    """Everything that the stock page of a product shows."""

    product: Product
    levels: Sequence[LevelRow]
    totals: Totals
    to_promise: int
    reserved: int
    allocations: Sequence[ClaimRow]
    reservations: Sequence[ClaimRow]
    ledger: LedgerPage
    series: Sequence[DayBalance]

    @property
    def agrees(self) -> bool:
        """The ledger's balances and the levels say the same."""
        return all(level.agrees for level in self.levels)

    @property
    def outlook(self) -> Outlook:
        """What arrives and how long the stock lasts, over all warehouses."""
        return total_outlook([level.outlook for level in self.levels])

    @property
    def cover_days(self) -> int | None:
        """How many days the available units last; None: nothing was shipped of late."""
        return cover_days(self.totals.available, self.outlook.daily_demand)

    @property
    def is_never_stocked(self) -> bool:
        return not self.levels and not self.ledger.rows


def stock_page(
    sku: str, *, warehouse: str = "", before: int | None = None, page_size: int = PAGE_SIZE
) -> StockPage:
    """The read model of a product's stock page; ``warehouse`` (a code) and ``before`` page its ledger.

    :raises Product.DoesNotExist: there is no product with this SKU.
    """
    product = Product.objects.prefetch_related("barcodes").get(sku__iexact=sku)
    levels = _levels(product)
    reserved = _reserved(product)
    return StockPage(
        product=product,
        levels=levels,
        totals=_sum(levels),
        to_promise=available_to_promise(
            [row.totals for row in levels if row.warehouse.is_active], reserved_before=reserved
        ),
        reserved=reserved,
        allocations=_allocations(product),
        reservations=_reservations(product),
        ledger=ledger_page(product.pk, warehouse=warehouse, before=before, page_size=page_size),
        series=on_hand_series(product.pk),
    )


def _sum(levels: Sequence[LevelRow]) -> Totals:
    return Totals(
        on_hand=sum(row.totals.on_hand for row in levels),
        allocated=sum(row.totals.allocated for row in levels),
        blocked=sum(row.totals.blocked for row in levels),
        safety_stock=sum(row.totals.safety_stock for row in levels),
    )


def _levels(product: Product) -> list[LevelRow]:
    levels = StockLevel.objects.filter(product=product).select_related("warehouse")
    outlooks = outlook_of(product.pk)
    bins = _bins(product)
    balances = _last_balances(product.pk)
    return [
        LevelRow(
            warehouse=level.warehouse,
            totals=Totals(level.on_hand, level.allocated, level.blocked, level.safety_stock),
            bins=bins.get(level.warehouse_id, []),
            agrees=balances.get(level.warehouse_id, (0, 0, 0))
            == (level.on_hand, level.allocated, level.blocked)
            and sum(row.quantity for row in bins.get(level.warehouse_id, [])) == level.on_hand,
            outlook=outlooks[level.warehouse_id],
        )
        for level in levels.order_by("warehouse__priority", "warehouse__code")
    ]


def _bins(product: Product) -> dict[int, list[BinRow]]:
    contents = BinContent.objects.filter(product=product, quantity__gt=0)
    found: dict[int, list[BinRow]] = {}
    for content in contents.select_related("bin", "lot").order_by(
        "bin__walk_order", "bin__code", "id"
    ):
        row = BinRow(
            code=content.bin.code,
            kind=content.bin.get_kind_display(),
            is_blocked=content.bin.kind in content.bin.BLOCKED_KINDS,
            quantity=content.quantity,
            lot=content.lot.code if content.lot else "",
            serial=content.serial or "",
        )
        found.setdefault(content.bin.warehouse_id, []).append(row)
    return found


def _last_balances(product_id: int) -> dict[int, tuple[int, int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT warehouse_id, last.* FROM inventory_stocklevel level, LATERAL ("
            " SELECT on_hand_after, allocated_after, blocked_after FROM inventory_stockmovement"
            " movement WHERE movement.warehouse_id = level.warehouse_id"
            " AND movement.product_id = level.product_id ORDER BY id DESC LIMIT 1) last"
            " WHERE level.product_id = %s",
            [product_id],
        )
        return {row[0]: (row[1], row[2], row[3]) for row in cursor.fetchall()}


def _reserved(product: Product) -> int:
    claims = Reservation.objects.filter(product=product)
    live = claims.exclude(expires_at__lte=timezone.now())
    return int(live.aggregate(total=Sum("quantity", default=0))["total"])


def _allocations(product: Product) -> list[ClaimRow]:
    rows = Allocation.objects.filter(product=product).select_related("warehouse").order_by("id")
    shown = list(rows[:CLAIMS_SHOWN])
    links = ports.resolve_demands([(row.demand_kind, row.demand_id) for row in shown])
    return [
        ClaimRow(
            demand=links[row.demand_kind, row.demand_id],
            quantity=row.quantity,
            warehouse=row.warehouse.code,
            since=row.created_at,
        )
        for row in shown
    ]


def _reservations(product: Product) -> list[ClaimRow]:
    rows = Reservation.objects.filter(product=product).exclude(expires_at__lte=timezone.now())
    shown = list(rows.select_related("warehouse").order_by("rank_at", "id")[:CLAIMS_SHOWN])
    links = ports.resolve_demands([(row.demand_kind, row.demand_id) for row in shown])
    return [
        ClaimRow(
            demand=links[row.demand_kind, row.demand_id],
            quantity=row.quantity,
            warehouse=row.warehouse.code if row.warehouse else "",
            since=None if row.rank_at >= RESTING else row.rank_at,
            kind=row.get_kind_display(),
            expires_at=row.expires_at,
        )
        for row in shown
    ]


def ledger_page(
    product_id: int, *, warehouse: str = "", before: int | None = None, page_size: int = PAGE_SIZE
) -> LedgerPage:
    """Movements of a product before a key, the newest first, with the balance after each."""
    rows = StockMovement.objects.filter(product=product_id)
    if warehouse:
        rows = rows.filter(warehouse__code__iexact=warehouse)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    rows = rows.select_related("warehouse", "bin_from", "bin_to", "lot").order_by("-id")
    found = list(rows[: page_size + 1])
    shown = found[:page_size]
    links = ports.resolve_demands(
        [(row.demand_kind, row.demand_id) for row in shown if row.demand_id is not None]
    )
    return LedgerPage(
        rows=[LedgerRow(row, links.get((row.demand_kind, row.demand_id or 0))) for row in shown],
        next_before=shown[-1].pk if len(found) > page_size else None,
    )


def on_hand_series(product_id: int, *, days: int = DAYS) -> list[DayBalance]:
    """On hand and demand of each of the last days, today as it is now; two statements."""
    today = timezone.localdate()
    first = today - timedelta(days=days - 1)
    demand = Q(kind__in=[MovementKind.SHIP, MovementKind.UNSHIP])
    moved = (
        StockMovement.objects.filter(product=product_id, at__date__gte=first)
        .exclude(on_hand_delta=0)
        .values_list(TruncDate("at"))
        .annotate(
            total=Sum("on_hand_delta"), shipped=-Sum("on_hand_delta", filter=demand, default=0)
        )
    )
    days_moved: dict[date, tuple[int, int]] = {day: facts for day, *facts in moved}
    levels = StockLevel.objects.filter(product=product_id)
    balance: int = levels.aggregate(total=Sum("on_hand", default=0))["total"]
    series = []
    for back in range(days):
        day = today - timedelta(days=back)
        delta, shipped = days_moved.get(day, (0, 0))
        series.append(DayBalance(day, balance, max(shipped, 0)))
        balance -= delta
    return series[::-1]
