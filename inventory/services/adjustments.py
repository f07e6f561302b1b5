"""Corrections of stock by hand: booked at once, or after somebody else has looked at them."""

from __future__ import annotations

from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from inventory import ports
from inventory.counting import Limits, value_of
from inventory.exceptions import AdjustmentRefused, WrongGoods, WrongPlace
from inventory.models import AdjustmentReason, Bin, Product, StockAdjustment, StockLevel
from inventory.services import goods
from inventory.services.counts import check_goods
from inventory.services.goods import Adjustment
from oms.core import activity, cases
from oms.core.actors import Actor
from oms.core.workflow import perform

CASE = "adjustment_approval"


@transaction.atomic
def request_adjustment(
    *,
    warehouse_id: int,
    product_id: int,
    bin_id: int,
    delta: int,
    reason_code: str,
    actor: Actor,
    note: str = "",
    lot_id: int | None = None,
    serial: str | None = None,
    take_back: bool = False,
) -> StockAdjustment:
    """Correct what lies in a bin by ``delta`` units; above the limit of the reason it waits for
    somebody else's approval. ``take_back`` lets the allocations go that are not covered any more.

    :raises AdjustmentRefused: nothing changes, or the reason is not in use.
    :raises StockRefusal: the bin, the lot or what is allocated does not allow it; nothing was changed.
    """
    if delta == 0:
        raise AdjustmentRefused("Nothing changes: type how many units more or fewer lie there.")
    reason = AdjustmentReason.objects.filter(code__iexact=reason_code, is_active=True).first()
    if reason is None:
        raise AdjustmentRefused("Choose one of the reasons in use.")
    product = Product.objects.filter(pk=product_id).first()
    if product is None:
        raise WrongGoods("There is no such product: it cannot be corrected.")
    check_goods(product, lot_id, serial)
    if not Bin.objects.filter(pk=bin_id, warehouse=warehouse_id).exists():
        raise WrongPlace("The bin belongs to another warehouse: choose one of this warehouse.")
    made = StockAdjustment.objects.create(
        warehouse_id=warehouse_id, product=product, bin_id=bin_id, delta=delta, reason=reason,
        note=note, lot_id=lot_id, serial=serial, amount=_worth(delta, product),
        requested_by_id=actor.user_id,
    )  # fmt: skip
    adjustment = StockAdjustment.objects.lock(made.pk)
    if wants_approval(delta, product, reason):
        _ask(adjustment, product, actor)
    else:
        _post(adjustment, actor=actor, take_back=take_back)
    return adjustment


@transaction.atomic
def approve_adjustment(
    *, adjustment_id: int, actor: Actor, take_back: bool = False
) -> StockAdjustment:
    """Book a correction that waited.

    :raises AdjustmentRefused: the approver asked for it.
    :raises TransitionRefused: it was decided already.
    :raises StockRefusal: the stock does not allow it any more; nothing was changed.
    """
    adjustment = _lock(adjustment_id)
    _refuse_own(adjustment, actor)
    _post(adjustment, actor=actor, take_back=take_back)
    return adjustment


@transaction.atomic
def decline_adjustment(*, adjustment_id: int, actor: Actor, note: str = "") -> StockAdjustment:
    """Do not book a correction that waited; who asked for it may take it back that way too.

    :raises TransitionRefused: it was decided already.
    """
    adjustment = _lock(adjustment_id)
    _decide(adjustment, "decline", actor, note)
    return adjustment


@transaction.atomic
def reverse_adjustment(*, adjustment_id: int, actor: Actor, note: str = "") -> StockAdjustment:
    """Undo a booked correction by its mirror, under the same limits.

    :raises AdjustmentRefused: it is not booked, or was undone already.
    """
    adjustment = _lock(adjustment_id)
    if adjustment.status != StockAdjustment.Status.POSTED:
        raise AdjustmentRefused(f"{adjustment} is not booked: there is nothing to undo.")
    undone = StockAdjustment.objects.filter(reverses=adjustment).exclude(
        status=StockAdjustment.Status.DECLINED
    )
    if undone.exists():
        raise AdjustmentRefused(f"{adjustment} was undone already.")
    made = StockAdjustment.objects.create(
        warehouse_id=adjustment.warehouse_id, product_id=adjustment.product_id,
        bin_id=adjustment.bin_id, delta=-adjustment.delta, reason_id=adjustment.reason_id,
        note=note or f"Undoes {adjustment.number}", lot_id=adjustment.lot_id,
        serial=adjustment.serial, amount=-adjustment.amount, requested_by_id=actor.user_id,
        reverses=adjustment,
    )  # fmt: skip
    mirror = StockAdjustment.objects.lock(made.pk)
    activity.record(adjustment, "undone", actor=actor, new=mirror.number)
    if wants_approval(mirror.delta, mirror.product, mirror.reason):
        _ask(mirror, mirror.product, actor)
    else:
        _post(mirror, actor=actor, take_back=False)
    return mirror


def wants_approval(delta: int, product: Product, reason: AdjustmentReason) -> bool:
    """Whether so many units more or fewer are above the reason's limits."""
    return Limits(reason.limit_units, reason.limit_amount).is_exceeded(delta, product.cost)


def _worth(delta: int, product: Product) -> Decimal:
    return value_of(delta, product.cost).quantize(Decimal("0.01"))


def _lock(adjustment_id: int) -> StockAdjustment:
    try:
        return StockAdjustment.objects.lock(adjustment_id)
    except StockAdjustment.DoesNotExist:
        raise AdjustmentRefused("There is no such adjustment (any more).") from None


def _refuse_own(adjustment: StockAdjustment, actor: Actor) -> None:
    if actor.user_id is None or adjustment.requested_by_id == actor.user_id:
        raise AdjustmentRefused(
            "You asked for this correction yourself: somebody else approves it."
        )


def _ask(adjustment: StockAdjustment, product: Product, actor: Actor) -> None:
    activity.record(adjustment, "requested", actor=actor, new=f"{adjustment.delta:+}")
    cases.open_case(
        kind=CASE,
        dedupe_key=f"{CASE}:{adjustment.pk}",
        sentence=f"{actor.label} asks for {adjustment.delta:+} of {product.sku} in"
        f" {adjustment.bin.code} ({adjustment.reason.title}): approve or decline it.",
        document_kind="stockadjustment",
        document_id=adjustment.pk,
    )


def _decide(adjustment: StockAdjustment, transition: str, actor: Actor, note: str = "") -> None:
    adjustment.decided_by, adjustment.decided_at = actor.label, timezone.now()
    fields = ["decided_by", "decided_at"]
    perform(adjustment, transition, actor=actor, note=note, update_fields=fields)
    cases.close_case(f"{CASE}:{adjustment.pk}", actor=actor)


def _post(adjustment: StockAdjustment, *, actor: Actor, take_back: bool) -> None:
    _decide(adjustment, "post", actor)
    if take_back:
        _take_back(adjustment, actor)
    correction = Adjustment(
        warehouse_id=adjustment.warehouse_id, product_id=adjustment.product_id,
        bin_id=adjustment.bin_id, delta=adjustment.delta, reason=adjustment.reason.code,
        note=adjustment.note, document=adjustment.number, lot_id=adjustment.lot_id,
        serial=adjustment.serial, idem_key=f"adjustment:{adjustment.pk}",
    )  # fmt: skip
    goods.adjust([correction], actor=actor)


def _take_back(adjustment: StockAdjustment, actor: Actor) -> None:
    level = StockLevel.objects.filter(
        warehouse=adjustment.warehouse_id, product=adjustment.product_id
    ).first()
    if level is None or adjustment.bin.kind in Bin.BLOCKED_KINDS:
        return
    short = -(level.on_hand - level.allocated - level.blocked + adjustment.delta)
    if short > 0:
        ports.take_allocations_back(
            warehouse_id=adjustment.warehouse_id,
            shortages={adjustment.product_id: short},
            actor=actor,
        )
