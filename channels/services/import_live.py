"""Invoices of a file become placed orders, through the same door as every other order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from channels.order_documents import Document, Survey
from channels.order_files import ORDER_KINDS, FileMapping, Row, RowKind
from channels.services import master_data
from channels.services.import_history import address_of
from channels.services.import_report import ImportReport
from oms.core.actors import Actor
from oms.core.money import round_amount
from orders.drafts import ChargeDraft, LineDraft, LineProblem, OrderDraft
from orders.exceptions import OrderRefused
from orders.models import SalesChannel
from orders.services.intake import take_orders

ONLY_CHARGES = "An invoice that holds charges only is no order."
NOT_LIVE = {
    RowKind.RETURN: "A cancellation: enter it as a return or cancel the order.",
    RowKind.CREDIT: "A credited charge: enter it as a credit note.",
    RowKind.BAD_DEBT: "An entry of the books: it is no order.",
    RowKind.WRITE_OFF: "A stock write-off: adjust the stock where it lies.",
    RowKind.FOUND: "Stock found: adjust the stock where it lies.",
    RowKind.NOTHING: "A charge code without a value: there is nothing to record.",
}
_FIELDS = {
    "sku": "sku",
    "quantity": "quantity",
    "unit_price": "price",
    "description": "description",
}


@dataclass(slots=True)
class LiveWriter:
    """Places chunks of invoices. Unknown SKUs are refused unless products may be created."""

    mapping: FileMapping
    channel: SalesChannel
    known: Survey
    actor: Actor
    may_create_products: bool
    customers: dict[str, int] = field(default_factory=dict)
    products: dict[str, int] = field(default_factory=dict)

    def write(
        self, chunk: Sequence[Document], report: ImportReport, *, dry_run: bool
    ) -> list[Document]:
        """Place the orders of a chunk inside the caller's transaction, or only count them."""
        orders = [document for document in chunk if self._is_order(document, report)]
        created = self._learn_products(orders, may_create=not dry_run)
        fine = [document for document in orders if self._has_known_products(document, report)]
        if not dry_run:
            report.imported["products"] += created
            report.imported["customers"] += self._learn_customers(fine)
            fine = self._place(fine, report)
        for document in fine:
            rows = _order_rows(document)
            report.imported.update(documents=1, orders=1, order_lines=len(_goods(rows)))
            report.imported.update(rows=len(rows), charges=len(rows) - len(_goods(rows)))
        return fine

    def _is_order(self, document: Document, report: ImportReport) -> bool:
        for row in document.rows:
            if row.kind in NOT_LIVE:
                report.skip([row], NOT_LIVE[row.kind])
        rows = _order_rows(document)
        if rows and not _goods(rows):
            report.skip(rows, ONLY_CHARGES)
        return bool(_goods(rows))

    def _learn_products(self, orders: Sequence[Document], *, may_create: bool) -> int:
        rows = [row for document in orders for row in _goods(document.rows)]
        wanted = {row.sku_key: row.sku for row in reversed(rows)}
        unknown = {key: sku for key, sku in wanted.items() if key not in self.products}
        self.products |= master_data.known_products(unknown)
        missing = {key: sku for key, sku in unknown.items() if key not in self.products}
        if not self.may_create_products:
            return 0
        if may_create:
            self.products |= master_data.create_products(missing, self.known.names)
        return len(missing)

    def _has_known_products(self, document: Document, report: ImportReport) -> bool:
        if self.may_create_products:
            return True
        for row in _goods(document.rows):
            if row.sku_key not in self.products:
                reason = f"There is no product with the SKU {row.sku!r}."
                report.reject(document.reject(self.mapping.columns["sku"], reason, row.line))
                return False
        return True

    def _learn_customers(self, orders: Sequence[Document]) -> int:
        wanted = {document.rows[0].customer for document in orders} - self.customers.keys()
        self.customers |= master_data.known_customers(wanted, self.channel)
        missing = wanted - self.customers.keys()
        name = self.mapping.anonymous_customer
        self.customers |= master_data.create_customers(missing, self.channel, name)
        return len(missing)

    def _place(self, orders: Sequence[Document], report: ImportReport) -> list[Document]:
        taken = take_orders(
            [self._draft(document) for document in orders], actor=self.actor, skip_refused=True
        )
        placed = []
        for document, result in zip(orders, taken, strict=True):
            if isinstance(result, OrderRefused):
                for problem in result.problems[:1]:
                    report.reject(document.reject(*self._place_of(problem, document)))
            else:
                placed.append(document)
        return placed

    def _place_of(self, problem: LineProblem, document: Document) -> tuple[str, str, int]:
        field_name = _FIELDS.get(problem.field, "invoice")
        goods = _goods(document.rows)
        line = document.raw[0].line if problem.index is None else goods[problem.index].line
        return self.mapping.columns[field_name], problem.sentence, line

    def _draft(self, document: Document) -> OrderDraft:
        rows = _order_rows(document)
        first = rows[0]
        return OrderDraft(
            channel_id=self.channel.pk,
            customer_id=self.customers[first.customer],
            currency=self.channel.currency,
            ship_to=address_of(first),
            external_id=first.invoice,
            lines=[
                LineDraft(
                    sku=row.sku,
                    product_id=self.products[row.sku_key],
                    quantity=row.quantity,
                    unit_price=row.price,
                    description=row.description,
                    external_id=str(row.ordinal),
                    price_source="import",
                )
                for row in _goods(rows)
            ],
            charges=[
                ChargeDraft(
                    kind=self.mapping.charges[row.sku_key],
                    net_amount=round_amount(row.value, self.channel.currency),
                    description=row.description or row.sku,
                )
                for row in rows
                if row.kind is RowKind.CHARGE
            ],
        )


def _order_rows(document: Document) -> list[Row]:
    return [row for row in document.rows if row.kind in ORDER_KINDS]


def _goods(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row.kind in {RowKind.SALE, RowKind.FREE}]
