"""What the kernel's own pages show: open cases and parked deliveries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Min
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from oms.core import listing
from oms.core.events import subscribers
from oms.core.links import Fix, Link, fix_named, links_to
from oms.core.listing import Listing, ListPage, Sort, Tab, View
from oms.core.models import Case, Delivery

MOST_CASES = 200


@dataclass(frozen=True, slots=True)
class CaseRow:
    case: Case
    link: Link | None
    fix: Fix | None
    ways: list[Link]


@dataclass(frozen=True, slots=True)
class CaseGroup:
    """The cases of one kind, the oldest first."""

    kind: str
    label: str
    count: int
    rows: list[CaseRow]

    @property
    def fix_all(self) -> Fix | None:
        """The fix that several of them propose, where it can be done at once."""
        found = {row.fix.name: row.fix for row in self.rows if row.fix and row.fix.apply_all}
        return next(iter(found.values())) if len(found) == 1 and len(self.rows) > 1 else None


@dataclass(frozen=True, slots=True)
class CasePage:
    tabs: list[Tab]
    groups: list[CaseGroup]
    count: int
    oldest: Any
    last_closed: Case | None

    @property
    def hidden(self) -> int:
        return self.count - sum(len(group.rows) for group in self.groups)


def kind_label(kind: str) -> str:
    """``no_stock`` as people read it."""
    return kind.replace("_", " ").capitalize()


def case_page(user: Any, kind: str, *, mine: bool) -> CasePage:
    """The open cases of a kind (empty: of all), grouped; four statements and one per kind of link."""
    open_cases = Case.objects.filter(closed_at=None)
    if mine:
        open_cases = open_cases.filter(owner=user)
    kinds = list(
        open_cases.values("kind").annotate(n=Count("pk"), oldest=Min("opened_at")).order_by("kind")
    )
    counts = {row["kind"]: row["n"] for row in kinds}
    shown = open_cases.filter(kind=kind) if kind else open_cases
    cases = list(shown.select_related("owner").order_by("kind", "opened_at", "pk")[:MOST_CASES])
    rows = _case_rows(user, cases)
    own = "&mine=1" if mine else ""
    tabs = [Tab(_("All"), f"?{own.lstrip('&')}", not kind, str(sum(counts.values())), hot=False)]
    tabs += [
        Tab(kind_label(each), f"?kind={each}{own}", each == kind, str(n), hot=False)
        for each, n in counts.items()
    ]
    return CasePage(
        tabs=tabs,
        groups=[
            CaseGroup(each, kind_label(each), n, [row for row in rows if row.case.kind == each])
            for each, n in counts.items()
            if kind in {"", each}
        ],
        count=sum(n for each, n in counts.items() if kind in {"", each}),
        oldest=min((row["oldest"] for row in kinds if kind in {"", row["kind"]}), default=None),
        last_closed=None
        if cases
        else Case.objects.exclude(closed_at=None).order_by("-closed_at").first(),
    )


def _case_rows(user: Any, cases: list[Case]) -> list[CaseRow]:
    links = links_to((case.document_kind, case.document_id) for case in cases if case.document_id)
    ways = _ways(user, cases)
    rows = []
    for case in cases:
        fix = fix_named(case.proposed_fix)
        allowed = fix if fix and user.has_perm(fix.permission) else None
        link = links.get((case.document_kind, case.document_id or 0))
        rows.append(CaseRow(case, link, allowed, ways.get(case.pk, [])))
    return rows


def _ways(user: Any, cases: list[Case]) -> dict[int, list[Link]]:
    """Other ways out of each case that this person may go."""
    found: dict[int, list[Link]] = {}
    for name in {case.proposed_fix for case in cases}:
        fix = fix_named(name)
        own = {x.pk: x.document_id for x in cases if x.proposed_fix == name and x.document_id}
        for way in fix.ways if fix else ():
            urls = way.urls(list(own.values())) if user.has_perm(way.permission) else {}
            for pk, document_id in own.items():
                if document_id in urls:
                    found.setdefault(pk, []).append(Link(str(way.label), urls[document_id]))
    return found


def open_case_count() -> listing.Count:
    return listing.capped_counts({"cases": Case.objects.filter(closed_at=None)})["cases"]


DELIVERIES = Listing(
    name="deliveries",
    views=(
        View(
            "parked",
            gettext_lazy("Parked"),
            lambda rows: rows.filter(state=Delivery.State.PARKED),
            hot=True,
        ),
        View(
            "pending",
            gettext_lazy("Waiting"),
            lambda rows: rows.filter(state=Delivery.State.PENDING),
        ),
        View("done", gettext_lazy("Done"), lambda rows: rows.filter(state=Delivery.State.DONE)),
    ),
    sorts=(Sort("newest", gettext_lazy("Created"), "id"),),
)
DELIVERY_HEADS = (
    (gettext_lazy("Subscriber"), "", ""),
    (gettext_lazy("Event"), "", ""),
    (gettext_lazy("Created"), "newest", ""),
    (gettext_lazy("Attempts"), "", "num"),
    (gettext_lazy("Last error"), "", ""),
    (gettext_lazy("State"), "", ""),
)


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    delivery: Delivery
    link: Link | None
    is_known: bool
    is_parked: bool


def delivery_list(params: QueryDict) -> tuple[ListPage, list[DeliveryRow]]:
    """Events on their way to their subscribers, the stuck ones first."""
    found = listing.load(
        DELIVERIES, params, Delivery.objects.all(), heads=DELIVERY_HEADS, related=("event",)
    )
    rows: list[Delivery] = found.page.rows
    links = links_to(filter(None, map(_subject, rows)))
    return found, [
        DeliveryRow(
            row,
            links.get(_subject(row) or ("", 0)),
            row.subscriber in subscribers,
            row.state == Delivery.State.PARKED,
        )
        for row in rows
    ]


def _subject(delivery: Delivery) -> tuple[str, int] | None:
    kind, _colon, key = delivery.stream.partition(":")
    return (kind, int(key)) if key.isdecimal() and len(key) < 19 else None
