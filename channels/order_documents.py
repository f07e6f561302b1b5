"""The invoices of a file, one after the other, although their rows are not always contiguous.

A first reading counts the rows of every invoice; the second hands an invoice over as soon as its last
row was read. So memory holds the invoices that are open, not the file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b

from channels.order_files import ORDER_KINDS, FileMapping, Row, RowError, RowParser
from channels.order_lines import RawRow, UnreadableFile
from channels.return_matching import Pair

_NO_PRICE = frozenset({"", "0", "0.0", "0.00"})


@dataclass(frozen=True, slots=True)
class Rejection:
    """A row that was not imported, with its text and the reason."""

    line: int
    column: str
    reason: str
    fields: list[str]

    def __str__(self) -> str:
        column = f", column {self.column}" if self.column else ""
        return f"Line {self.line}{column}: {self.reason}"


@dataclass(slots=True)
class Document:
    """The rows of one invoice; with rejections nothing of it can be imported."""

    invoice: str
    rows: list[Row] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    raw: list[RawRow] = field(default_factory=list)

    @property
    def is_order(self) -> bool:
        return any(row.kind in ORDER_KINDS for row in self.rows)

    def digest(self) -> str:
        """A fingerprint of what it says, wherever it stands in a file."""
        said = repr([row[5:] for row in self.rows])
        return blake2b(said.encode(), digest_size=16).hexdigest()

    def reject(self, column: str, reason: str, line: int | None = None) -> list[Rejection]:
        """All of its rows as rejected: the one at ``line`` (else the first) with the reason."""
        lines = {rejection.line: rejection for rejection in self.rejections}
        if reason:
            at = line or self.raw[0].line
            lines[at] = Rejection(at, column, reason, [])
        because = f"Left out because line {min(lines)} of the same invoice was rejected."
        return [
            Rejection(raw.line, lines[raw.line].column, lines[raw.line].reason, raw.fields)
            if raw.line in lines
            else Rejection(raw.line, "", because, raw.fields)
            for raw in self.raw
        ]


@dataclass(slots=True)
class Survey:
    """What the first reading found out. ``names`` are product names, by folded code."""

    parser: RowParser
    header: list[str]
    rows: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    returned_pairs: set[Pair] = field(default_factory=set)
    names: dict[str, str] = field(default_factory=dict)


def survey(rows: Iterator[RawRow], mapping: FileMapping) -> Survey:
    """Read all rows once.

    :raises UnreadableFile: the header does not fit or nothing follows it.
    """
    first = next(rows)
    if first.problem:
        raise UnreadableFile(f"Line {first.line}: the header cannot be read. {first.problem}")
    try:
        found = Survey(RowParser(mapping, first.fields), first.fields)
    except RowError as error:
        raise UnreadableFile(f"Line {first.line}, column {error}") from error
    for raw in rows:
        found.rows += 1
        if invoice := found.parser.invoice_of(raw.fields):
            found.counts[invoice] += 1
            _survey_row(raw, invoice, found, mapping)
    if not found.rows:
        raise UnreadableFile("The file has a header and no rows.")
    return found


def _survey_row(raw: RawRow, invoice: str, found: Survey, mapping: FileMapping) -> None:
    at, fields = found.parser.at, raw.fields
    if raw.problem or len(fields) != found.parser.width:
        return
    key = fields[at["sku"]].strip().casefold()
    if invoice.startswith(mapping.cancellation_prefix):
        customer = fields[at["customer"]].strip().removesuffix(".0")
        if customer and key not in mapping.charges:
            found.returned_pairs.add((customer, key))
    elif key not in found.names and fields[at["price"]].strip() not in _NO_PRICE:
        name = fields[at["description"]].strip()
        if name:
            found.names[key] = name[:200]


def documents(rows: Iterable[RawRow], known: Survey) -> Iterator[Document | Rejection]:
    """The invoices in the order of their last rows; rows that belong to none, as rejections."""
    waiting = Counter(known.counts)
    open_ones: dict[str, Document] = {}
    ordinals: Counter[str] = Counter()
    for raw in rows:
        invoice = known.parser.invoice_of(raw.fields)
        if not invoice:
            yield _rejection(raw, known)
            continue
        document = open_ones.setdefault(invoice, Document(invoice))
        ordinals[invoice] += 1
        _add(raw, ordinals[invoice], document, known)
        if ordinals[invoice] == waiting[invoice]:
            yield open_ones.pop(invoice)
            del ordinals[invoice]


def _add(raw: RawRow, ordinal: int, document: Document, known: Survey) -> None:
    document.raw.append(raw)
    if raw.problem:
        document.rejections.append(_rejection(raw, known))
        return
    try:
        document.rows.append(known.parser.parse(raw.fields, raw.line, ordinal))
    except RowError as error:
        document.rejections.append(Rejection(raw.line, error.column, error.reason, raw.fields))


def _rejection(raw: RawRow, known: Survey) -> Rejection:
    if raw.problem:
        in_header = 0 <= raw.problem_field < len(known.header)
        column = known.header[raw.problem_field] if in_header else ""
        return Rejection(raw.line, column, raw.problem, raw.fields)
    return Rejection(raw.line, known.parser.mapping.columns["invoice"], "is empty.", raw.fields)
