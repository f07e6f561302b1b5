"""What happened to an order and to the documents that hang on it, newest first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from oms.core.links import Link, links_to
from oms.core.models import Activity
from oms.core.statuses import look_of

MOST = 200

Text = str | Promise
Related = Callable[[int], Iterable[tuple[str, int]]]

_related: dict[str, Related] = {}


def register_related(name: str, find: Related) -> None:
    """Say which other documents belong on an order's timeline: (kind, id) pairs for an order id."""
    _related[name] = find


@dataclass(frozen=True, slots=True)
class Look:
    """How an entry reads and looks; ``{new}`` and ``{document}`` are filled in."""

    text: Text
    icon: str = "info"
    tone: str = ""


LOOKS: dict[tuple[str, str], Look] = {
    ("order", "created"): Look(gettext_lazy("entered the order"), "file"),
    ("order", "imported"): Look(gettext_lazy("imported the order"), "file"),
    ("order", "place"): Look(gettext_lazy("placed the order"), "check", "success"),
    ("order", "placed"): Look(gettext_lazy("placed the order"), "check", "success"),
    ("order", "held"): Look(gettext_lazy("put the order on hold"), "lock", "warning"),
    ("order", "lifted"): Look(gettext_lazy("lifted a hold"), "lock", "success"),
    ("order", "hold_lifted"): Look(gettext_lazy("lifted a hold"), "lock", "success"),
    ("order", "start_fulfillment"): Look(gettext_lazy("routed the order"), "route", "info"),
    ("order", "routed"): Look(gettext_lazy("routed the order"), "route", "info"),
    ("order", "complete"): Look(gettext_lazy("completed the order"), "check", "success"),
    ("order", "reopen"): Look(gettext_lazy("reopened the order"), "undo", "warning"),
    ("order", "cancel"): Look(gettext_lazy("canceled the order"), "x", "danger"),
    ("order", "canceled"): Look(gettext_lazy("canceled the order"), "x", "danger"),
    ("order", "canceled units"): Look(gettext_lazy("canceled units"), "x", "danger"),
    ("order", "payment recorded"): Look(gettext_lazy("recorded a payment"), "card", "success"),
    ("order", "paid"): Look(gettext_lazy("recorded a payment"), "card", "success"),
    ("order", "invoiced"): Look(gettext_lazy("issued an invoice"), "file"),
    ("order", "credited"): Look(gettext_lazy("issued a credit note"), "file"),
    ("order", "paper retried"): Look(gettext_lazy("made a document again"), "print"),
    ("order", "message queued"): Look(gettext_lazy("sent a message to the customer"), "mail"),
    ("shipment", "message queued"): Look(
        gettext_lazy("sent a message about {document} to the customer"), "mail"
    ),
    ("order", "promise slipped"): Look(
        gettext_lazy("expects goods later than promised"), "clock", "warning"
    ),
    ("order", "printed"): Look(gettext_lazy("printed a document"), "print"),
    ("shipment", "planned"): Look(gettext_lazy("planned {document}"), "truck"),
    ("shipment", "release"): Look(gettext_lazy("released {document}"), "play", "info"),
    ("shipment", "unrelease"): Look(gettext_lazy("took {document} back from the floor"), "undo"),
    ("shipment", "start_picking"): Look(gettext_lazy("started to pick {document}"), "scan"),
    ("shipment", "finish_picking"): Look(gettext_lazy("picked {document}"), "scan", "info"),
    ("shipment", "pack"): Look(gettext_lazy("packed {document}"), "box", "info"),
    ("shipment", "unpack"): Look(gettext_lazy("opened a parcel of {document}"), "undo", "warning"),
    ("shipment", "ship"): Look(gettext_lazy("shipped {document}"), "truck", "success"),
    ("shipment", "unship"): Look(
        gettext_lazy("undid the hand-over of {document}"), "undo", "warning"
    ),
    ("shipment", "deliver"): Look(gettext_lazy("delivered {document}"), "check", "success"),
    ("parcel", "close"): Look(gettext_lazy("closed {document}"), "box"),
    ("parcel", "reopen"): Look(gettext_lazy("opened {document} again"), "undo", "warning"),
    ("parcel", "hand_over"): Look(gettext_lazy("handed over {document}"), "truck", "success"),
    ("parcel", "take_back"): Look(gettext_lazy("took back {document}"), "undo", "warning"),
    ("parcel", "deliver"): Look(gettext_lazy("delivered {document}"), "check", "success"),
    ("parcel", "void"): Look(gettext_lazy("emptied {document}"), "x", "warning"),
    ("shipment", "resume_picking"): Look(gettext_lazy("put units of {document} back"), "undo"),
    ("shipment", "printed"): Look(gettext_lazy("printed a document of {document}"), "print"),
    ("shipment", "rejected"): Look(gettext_lazy("rejected {new} of {document}"), "undo", "warning"),
    ("shipment", "short"): Look(gettext_lazy("missed {new} for {document}"), "alert", "warning"),
    ("shipment", "deallocated"): Look(gettext_lazy("took {new} off {document}"), "undo", "warning"),
    ("shipment", "moved"): Look(gettext_lazy("moved {document} to {new}"), "swap", "info"),
    ("shipment", "split"): Look(gettext_lazy("split {new} units off {document}"), "layers"),
    ("shipment", "split off"): Look(gettext_lazy("split off {document}"), "layers"),
    ("shipment", "merged"): Look(gettext_lazy("merged others into {document}"), "layers"),
    ("order", "routed by hand"): Look(
        gettext_lazy("chose the warehouses by hand"), "route", "info"
    ),
    ("shipment", "cancel"): Look(gettext_lazy("canceled {document}"), "x", "danger"),
}

KINDS: tuple[tuple[str, Text, tuple[str, ...]], ...] = (
    ("all", gettext_lazy("All"), ()),
    ("order", gettext_lazy("Order"), ("order",)),
    ("shipping", gettext_lazy("Shipping"), ("shipment", "parcel")),
    ("money", gettext_lazy("Money"), ("payment", "invoice")),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the timeline, as components/timeline.html takes it."""

    actor: str
    text: str
    detail: str
    at: datetime
    icon: str
    tone: str


@dataclass(frozen=True, slots=True)
class Choice:
    label: Text
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class Timeline:
    entries: list[Entry]
    choices: list[Choice]
    is_cut: bool


def documents_of(order_id: int) -> list[tuple[str, int]]:
    """The order, and the documents of the apps above that hang on it."""
    documents = [("order", order_id)]
    for find in _related.values():
        documents += find(order_id)
    return documents


def order_timeline(documents: Sequence[tuple[str, int]], show: str = "all") -> Timeline:
    """The timeline of an order and its documents, of all kinds of entries or of one."""
    shown = next((each for each in KINDS if each[0] == show), KINDS[0])
    choices = [
        Choice(label, f"?show={name}#timeline" if name != "all" else "?#timeline", name == shown[0])
        for name, label, _kinds in KINDS
    ]
    wanted = [pair for pair in documents if not shown[2] or pair[0] in shown[2]]
    return timeline_of(wanted, choices)


def timeline_of(documents: Sequence[tuple[str, int]], choices: Sequence[Choice] = ()) -> Timeline:
    """The timeline of these documents: one statement, and one per kind of document it names."""
    found = _activities(documents)
    names = links_to((each.document_kind, each.document_id) for each in found)
    return Timeline(
        [_entry(each, names) for each in found[:MOST]], list(choices), len(found) > MOST
    )


def _activities(documents: Sequence[tuple[str, int]]) -> list[Activity]:
    if not documents:
        return []
    by_kind: dict[str, list[int]] = {}
    for kind, key in documents:
        by_kind.setdefault(kind, []).append(key)
    wanted = Q()
    for kind, keys in by_kind.items():
        wanted |= Q(document_kind=kind, document_id__in=keys)
    return list(Activity.objects.filter(wanted).order_by("-id")[: MOST + 1])


def _entry(activity: Activity, names: dict[tuple[str, int], Link]) -> Entry:
    look = LOOKS.get((activity.document_kind, activity.verb))
    link = names.get((activity.document_kind, activity.document_id))
    document = link.label if link else f"{activity.document_kind} {activity.document_id}"
    is_known = look is not None
    if look is None:
        words = activity.verb.replace("_", " ")
        text = words if activity.document_kind == "order" else f"{words} {document}"
        look = Look(text)
    return Entry(
        actor=activity.actor_label,
        text=str(look.text).format(document=document, new=activity.new),
        detail=_detail(activity, with_move=not is_known),
        at=activity.at,
        icon=look.icon,
        tone=look.tone,
    )


def _detail(activity: Activity, *, with_move: bool) -> str:
    """The note, what a hold was about, and the states of a move whose verb does not say it all."""
    moved = ""
    if with_move and activity.old and activity.new and activity.old != activity.new:
        old, new = look_of(activity.old).label, look_of(activity.new).label
        moved = _("%(old)s → %(new)s") % {"old": old, "new": new}
    elif ":" in activity.old + activity.new:
        moved = (
            (activity.new or activity.old)
            .replace("_", " ")
            .replace("routing: ", "")
            .replace("shipping: ", "")
        )
    surface = {"admin": "", "system": "", "command": ""}.get(activity.surface, activity.surface)
    return " · ".join(part for part in (activity.note, moved, surface) if part)
