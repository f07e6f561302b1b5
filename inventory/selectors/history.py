"""What happened to the documents of inventory, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from oms.core.models import Activity

MOST = 200
Text = str | Promise

LOOKS: dict[tuple[str, str], tuple[Text, str, str]] = {
    ("purchaseorder", "created"): (_("began the order"), "file", ""),
    ("purchaseorder", "lines changed"): (_("changed lines"), "edit", ""),
    ("purchaseorder", "changed"): (_("changed reference or note"), "edit", ""),
    ("purchaseorder", "send"): (_("sent the order to the supplier"), "mail", "info"),
    ("purchaseorder", "message queued"): (_("mailed the supplier"), "mail", ""),
    ("purchaseorder", "message retried"): (_("mailed the supplier again"), "mail", ""),
    ("purchaseorder", "message bounced"): (_("got the mail back"), "alert", "danger"),
    ("purchaseorder", "expected on another day"): (_("expects it another day"), "clock", "warning"),
    ("purchaseorder", "receive_part"): (_("received a part"), "box", "info"),
    ("purchaseorder", "receive_rest"): (_("closed the order as received"), "check", "success"),
    ("purchaseorder", "rest canceled"): (_("gave up what is outstanding"), "x", "warning"),
    ("purchaseorder", "units given up"): (_("gave up units"), "x", "warning"),
    ("purchaseorder", "take_back_part"): (_("undid a receipt"), "undo", "warning"),
    ("purchaseorder", "take_back_all"): (_("undid a receipt"), "undo", "warning"),
    ("purchaseorder", "receipt undone"): (_("undid a receipt"), "undo", "warning"),
    ("purchaseorder", "cancel"): (_("canceled the order"), "x", "danger"),
    ("stockcount", "opened"): (_("asked for the count"), "count", ""),
    ("stockcount", "extended"): (_("asked for more places"), "plus", ""),
    ("stockcount", "submit"): (_("counted; a difference is above the limit"), "alert", "warning"),
    ("stockcount", "recount"): (_("sent it back to be counted again"), "undo", "warning"),
    ("stockcount", "post"): (_("posted the differences"), "check", "success"),
    ("stockcount", "deallocated"): (_("took allocations back"), "undo", "warning"),
    ("stockcount", "cancel"): (_("canceled the count"), "x", "danger"),
    ("stockadjustment", "requested"): (_("asked for the correction"), "edit", ""),
    ("stockadjustment", "post"): (_("booked the correction"), "check", "success"),
    ("stockadjustment", "decline"): (_("declined the correction"), "x", "danger"),
    ("stockadjustment", "undone"): (_("undid the correction"), "undo", "warning"),
    ("transfer", "drafted"): (_("wrote the draft"), "file", ""),
    ("transfer", "changed"): (_("changed the lines"), "edit", ""),
    ("transfer", "approve"): (_("approved the transfer"), "check", "info"),
    ("transfer", "reopen"): (_("made it a draft again"), "undo", "warning"),
    ("transfer", "send"): (_("sent the goods"), "truck", "info"),
    ("transfer", "take_back"): (_("took the goods back"), "undo", "warning"),
    ("transfer", "receive_part"): (_("received a part"), "box", "info"),
    ("transfer", "receive_rest"): (_("received the rest"), "check", "success"),
    ("transfer", "cancel"): (_("canceled the transfer"), "x", "danger"),
    ("purchaseorder", "printed"): (_("printed a document"), "print", ""),
    ("purchaseorder", "paper retried"): (_("made a document again"), "print", ""),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a timeline, as components/timeline.html takes it."""

    actor: str
    text: str
    detail: str
    at: datetime
    icon: str
    tone: str


def history_of(documents: Sequence[tuple[str, int]]) -> list[Entry]:
    """The newest entries of these (kind, id) pairs; one statement."""
    wanted = Q(pk__in=[])
    for kind, key in documents:
        wanted |= Q(document_kind=kind, document_id=key)
    return [_entry(each) for each in Activity.objects.filter(wanted).order_by("-id")[:MOST]]


def _entry(each: Activity) -> Entry:
    usual: tuple[Text, str, str] = (each.verb.replace("_", " "), "info", "")
    text, icon, tone = LOOKS.get((each.document_kind, each.verb), usual)
    moved = " → ".join(part for part in (each.old, each.new) if part and part[:1].isdigit())
    detail = " · ".join(part for part in (each.note, moved) if part)
    return Entry(each.actor_label, str(text), detail, each.at, icon, tone)
