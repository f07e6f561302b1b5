"""Promises in words: why a line comes on its day. Codes and facts are kept, the words are made here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from fulfillment.models import LinePromise

Cause = LinePromise.Cause


def reason(promise: LinePromise) -> str:
    """Where the date of a line comes from, in one or two sentences."""
    facts = promise.facts
    said = [_WORDS[Cause(promise.cause)](facts)]
    if "waits_for" in facts:
        said.append(_("It comes together with a line that is later."))
    if facts.get("held"):
        said.append(_("The order is on hold: this is the day if the hold were lifted now."))
    if facts.get("leaves_only") and "waits_for" not in facts:
        said.append(_("No carrier service goes there: this is the day on which it leaves."))
    return " ".join(said)


def lateness(promise: LinePromise) -> str:
    """How much later than promised; empty when it is in time or was never promised."""
    if promise.promised_date is None:
        return ""
    if promise.expected_date is None:
        return _("no date any more")
    days = (promise.expected_date - promise.promised_date).days
    return ngettext("%d day late", "%d days late", days) % days if days > 0 else ""


def days_late(promised: date | None, expected: date | None) -> int:
    """0 when in time, or when one of the days is not known."""
    return max(0, (expected - promised).days) if promised and expected else 0


def _shipment(facts: Mapping[str, Any]) -> str:
    if facts.get("why") == "closed":
        return _("%(shipment)s waits: %(warehouse)s has no working day.") % facts
    if "was_due" in facts:
        return (
            _(
                "%(shipment)s should have left %(warehouse)s on %(was_due)s; next it can on %(ships)s."
            )
            % facts
        )
    return _("%(shipment)s leaves %(warehouse)s on %(ships)s.") % facts


def _stock(facts: Mapping[str, Any]) -> str:
    return _("In stock in %(warehouse)s, can leave on %(ships)s.") % facts


def _incoming(facts: Mapping[str, Any]) -> str:
    if "was_due" in facts:
        return _("Waits for %(source)s, which was due in %(warehouse)s on %(was_due)s.") % facts
    return _("Waits for %(source)s, expected in %(warehouse)s on %(in)s.") % facts


def _preorder(facts: Mapping[str, Any]) -> str:
    return _("Pre-order: ships from %(preorder)s on.") % facts


def _unknown(facts: Mapping[str, Any]) -> str:
    why = facts.get("why")
    if why == "no_date":
        return _("Waits for %(source)s, which has no date.") % facts
    if why == "closed":
        return _("The warehouse that would ship it has no working day.")
    return _("Nothing of it is free and nothing is on its way.")


_WORDS = {
    Cause.SHIPMENT: _shipment,
    Cause.STOCK: _stock,
    Cause.INCOMING: _incoming,
    Cause.PREORDER: _preorder,
    Cause.UNKNOWN: _unknown,
}
