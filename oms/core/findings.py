"""What the checker finds becomes cases, each with what can be done about it; they close by themselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

from oms.core import cases, invariants
from oms.core.actors import Actor
from oms.core.cases import Cause
from oms.core.invariants import Violation
from oms.core.models import Case

KIND = "invariant"
MOST = 10_000


def report_findings() -> int:
    """Check everything; open a case per document that is wrong and close those that are right again.

    Gives back how many cases are open now.
    """
    causes = _causes(invariants.violations(limit=MOST))
    cases.open_cases(causes)
    wrong = {cause.dedupe_key for cause in causes}
    known = Case.objects.filter(kind=KIND, closed_at=None).values_list("dedupe_key", flat=True)
    cases.close_cases(set(known) - wrong)
    return len(causes)


def close_findings(
    names: Collection[str], document_kind: str, document_id: int, *, actor: Actor
) -> int:
    """Close the cases of these invariants about one document: its cause is gone."""
    keys = [_key(name, document_kind, document_id) for name in names]
    return cases.close_cases(keys, actor=actor)


def _causes(found: Sequence[Violation]) -> list[Cause]:
    by_key: dict[str, list[Violation]] = defaultdict(list)
    for each in found:
        by_key[_key(each.invariant, each.document_kind, each.document_id)].append(each)
    return [_cause(key, group) for key, group in by_key.items()]


def _key(name: str, document_kind: str, document_id: int | None) -> str:
    about = f":{document_kind}:{document_id}" if document_kind else ""
    return f"{KIND}:{name}{about}"


def _cause(key: str, group: Sequence[Violation]) -> Cause:
    first = group[0]
    more = f" ({len(group)} findings of {first.invariant})" if len(group) > 1 else ""
    return Cause(
        kind=KIND,
        dedupe_key=key,
        sentence=f"{first.sentence}{more}",
        proposed_fix=first.fix,
        document_kind=first.document_kind,
        document_id=first.document_id,
    )
