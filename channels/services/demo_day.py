"""A working day in progress for the demo: orders in every state, through the services of the screens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from channels.services.demo_company import Company, SoldProduct
from channels.services.demo_floor import work_the_floor
from fulfillment.services.route import route_orders
from oms.core.actors import Actor
from orders.drafts import ChargeDraft, LineDraft, OrderDraft
from orders.models import Customer, Order
from orders.services.cancel import cancel_order
from orders.services.holds import hold_order
from orders.services.intake import create_orders, place_orders, take_orders
from orders.services.payments import record_payment

ROUTED = 48
WITHOUT_STOCK = "LMP-HD-400"
CARRIAGE = Decimal("5.90")


@dataclass(slots=True)
class Day:
    """Counts the day's orders so that each has its own outside number."""

    company: Company
    number: int = 30_000
    routed: list[int] = field(default_factory=list)

    @property
    def sales(self) -> Actor:
        return Actor.of(self.company.users["sales"])

    @property
    def manager(self) -> Actor:
        return Actor.of(self.company.users["manager"])

    def customer(self, *, is_business: bool) -> Customer:
        kind = Customer.Kind.BUSINESS if is_business else Customer.Kind.CONSUMER
        return self.company.random.choice(
            [c for c in self.company.customers if c.kind == kind and c.allows_backorder]
        )

    def draft(
        self, customer: Customer, skus: Sequence[str] = (), *, quantity: int | None = None
    ) -> OrderDraft:
        """An order of this customer for these products, or for some that sell well."""
        self.number += 1
        is_business = customer.kind == Customer.Kind.BUSINESS
        code = "desk" if is_business else "web-shop"
        sold = [self.company.products[sku] for sku in skus] or self._basket(is_business)
        charges = [] if is_business else [ChargeDraft("carriage", CARRIAGE, "Carriage")]
        return OrderDraft(
            channel_id=self.company.channels[code].pk,
            customer_id=customer.pk,
            currency=self.company.currency,
            ship_to=self.company.addresses[customer.pk],
            external_id=f"{code.upper()[0]}-{self.number}",
            customer_po_number=f"PO-{self.number - 25_289}" if is_business else "",
            sales_rep_id=self.company.users["sales"].pk if is_business else None,
            lines=[self._line(each, quantity, is_business=is_business) for each in sold],
            charges=charges,
        )

    def _basket(self, is_business: bool) -> list[SoldProduct]:
        config, rng = self.company.config, self.company.random
        rare = {*config["out_of_stock"], *config["scarce"]}
        plain = [p for p in self.company.plain_products() if p.product.sku not in rare]
        weights = [each.popularity for each in plain]
        picked = rng.sample(plain, k=rng.randint(1, 6 if is_business else 3), counts=weights)
        return list({each.product.pk: each for each in picked}.values())

    def _line(self, sold: SoldProduct, quantity: int | None, *, is_business: bool) -> LineDraft:
        pack = min(sold.product.pack_size, 12) if is_business else 1
        units = quantity or pack * self.company.random.randint(1, 2)
        return LineDraft(
            sku=sold.product.sku,
            product_id=sold.product.pk,
            quantity=units,
            unit_price=sold.price,
            tax_rate=Decimal(19),
        )


def run_live_day(company: Company) -> None:
    """Enter the day's orders and bring each as far as the demo shows it."""
    day = Day(company)
    _write_drafts(day)
    _place_and_hold(day)
    _cancel_one(day)
    _route_the_rest(day)
    work_the_floor(day.routed, company)


def _write_drafts(day: Day) -> None:
    create_orders([day.draft(day.customer(is_business=True)) for _ in range(4)], actor=day.sales)


def _place_and_hold(day: Day) -> None:
    """Orders that wait for somebody: credit, address, approval, money, or stock that policy wants."""
    reasons = ["credit", "credit", "address", "approval"]
    for reason in reasons:
        _hold(day, day.draft(day.customer(is_business=True)), "routing", reason)
    consumers = [day.draft(day.customer(is_business=False)) for _ in range(3)]
    unpaid = take_orders(consumers, actor=day.sales)
    order = Order.objects.get(pk=unpaid[0].order_id)
    record_payment(
        order_id=order.pk,
        method="card",
        amount=(order.total_amount / 2).quantize(Decimal("0.01")),
        idem_key=f"demo:{order.external_id}",
        actor=day.sales,
    )
    picky = day.customer(is_business=True)
    picky.allows_backorder = picky.allows_partial_shipment = False
    picky.save(update_fields=["allows_backorder", "allows_partial_shipment"])
    stuck = take_orders([day.draft(picky, [WITHOUT_STOCK, "TPE-PPA-48-CL"])], actor=day.sales)
    route_orders([each.order_id for each in stuck], actor=day.manager)


def _hold(day: Day, draft: OrderDraft, kind: str, reason: str) -> None:
    """Held before it is placed, so that nobody routes it in between."""
    [taken] = create_orders([draft], actor=day.sales)
    hold_order(order_id=taken.order_id, kind=kind, reason=reason, actor=day.manager)
    place_orders([taken.order_id], actor=day.sales)


def _cancel_one(day: Day) -> None:
    [taken] = take_orders([day.draft(day.customer(is_business=True))], actor=day.sales)
    cancel_order(order_id=taken.order_id, reason="Ordered twice", actor=day.sales)


def _route_the_rest(day: Day) -> None:
    """Special ones first (the floor brings the first ones farthest), then the many."""
    drafts = [
        day.draft(day.customer(is_business=True), ["TPE-PPA-48-CL", WITHOUT_STOCK], quantity=12),
        day.draft(day.customer(is_business=False), ["GLV-NIT-BLK-L", "TAP-MEA-5"]),
        day.draft(day.customer(is_business=True), ["SET-PACK-START"], quantity=1),
        day.draft(day.customer(is_business=True), ["MSK-FFP2-20", "SCN-USB-2D"], quantity=2),
        day.draft(day.customer(is_business=True), [WITHOUT_STOCK], quantity=16),
    ]
    drafts += [day.draft(day.customer(is_business=n % 3 > 0)) for n in range(ROUTED - len(drafts))]
    taken = take_orders(drafts, actor=day.sales)
    for order in Order.objects.filter(pk__in=[t.order_id for t in taken], settlement="prepaid"):
        record_payment(
            order_id=order.pk,
            method="card",
            amount=order.total_amount,
            idem_key=f"demo:{order.external_id}",
            actor=day.sales,
        )
    day.routed = [each.order_id for each in taken]
    route_orders(day.routed, actor=day.manager)
