"""What the services of orders refuse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from oms.core.exceptions import Refusal


@dataclass(frozen=True, slots=True)
class LineProblem:
    """What is wrong, where: ``index`` is the line (from 0), None means the order itself."""

    index: int | None
    field: str
    sentence: str

    def __str__(self) -> str:
        return self.sentence if self.index is None else f"Line {self.index + 1}: {self.sentence}"


class OrderRefused(Refusal):
    """A draft cannot be taken in; ``problems`` name line (None: the order itself), field and reason.

    ``draft_index`` says which draft of the batch it was.
    """

    def __init__(self, problems: Sequence[LineProblem], *, draft_index: int = 0) -> None:
        self.problems = list(problems)
        self.draft_index = draft_index
        super().__init__(" ".join(str(problem) for problem in problems))


class UnknownOrder(Refusal):
    """There is no such order, line, hold, payment or invoice."""


class CancellationRefused(Refusal):
    """The units are no longer free to cancel."""


class CounterRefused(Refusal):
    """A line does not have as many units in that state as should be moved."""


class HoldRefused(Refusal):
    """The order cannot be held or released this way."""


class TagRefused(Refusal):
    """The words are no tags, or too many."""


class PaymentRefused(Refusal):
    """The payment does not fit the order."""


class InvoiceRefused(Refusal):
    """An invoice or credit note would say more than what happened."""
