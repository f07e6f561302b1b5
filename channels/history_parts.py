"""What becomes of an invoice of the time before this system. Pure: rows in, records to write out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from channels.order_documents import Document
from channels.order_files import ORDER_KINDS, Row, RowKind
from channels.return_matching import Part, ReturnMatcher

WITHOUT_VALUE = "A charge code without a value: there is nothing to record."


@dataclass(slots=True)
class HistoryParts:
    """The records of one invoice, by where they go."""

    document: Document
    order: list[Row] = field(default_factory=list)
    returned: list[tuple[Row, Sequence[Part]]] = field(default_factory=list)
    entries: list[Row] = field(default_factory=list)
    adjustments: list[Row] = field(default_factory=list)
    nothing: list[Row] = field(default_factory=list)

    def counts(self) -> Counter[str]:
        """What is written, in the words of a report."""
        goods = sum(row.kind is not RowKind.CHARGE for row in self.order)
        parts = [part for _, parts in self.returned for part in parts]
        unknown = [part for part in parts if not part.invoice]
        return Counter(
            documents=1,
            rows=len(self.document.rows),
            orders=bool(self.order),
            order_lines=goods,
            charges=len(self.order) - goods,
            returns=bool(self.returned),
            return_lines=len(parts),
            return_lines_without_sale=len(unknown),
            units_without_sale=sum(part.quantity for part in unknown),
            account_entries=len(self.entries),
            adjustments=len(self.adjustments),
        )


def parts_of(document: Document, matcher: ReturnMatcher) -> HistoryParts:
    """Sort the rows of an invoice; its sales can be taken back by later ones."""
    found = HistoryParts(document)
    matcher.remember(document.rows)
    for row in document.rows:
        if row.kind in ORDER_KINDS:
            found.order.append(row)
        elif row.kind is RowKind.RETURN:
            found.returned.append((row, matcher.match(row)))
        elif row.kind in {RowKind.CREDIT, RowKind.BAD_DEBT}:
            found.entries.append(row)
        elif row.kind in {RowKind.WRITE_OFF, RowKind.FOUND}:
            found.adjustments.append(row)
        else:
            found.nothing.append(row)
    return found
