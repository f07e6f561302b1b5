"""How a status looks: one mapping from its value to tone, mark and word, for every machine of the house.

The value alone is the key: it looks the same in every machine. The words repeat the `TextChoices` labels,
and a test compares them; a machine with another word for a value passes its own to the badge.
"""

from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class StatusLook:
    """`tone` is "" (neutral), info, success, warning or danger; `mark` is dot, ring, none or an icon."""

    label: str | Promise
    tone: str = ""
    mark: str = "dot"


_ORDER: Final = {
    "draft": StatusLook(_("Draft"), mark="ring"),
    "placed": StatusLook(_("Placed"), mark="ring"),
    "in_fulfillment": StatusLook(_("In fulfillment"), "info"),
    "completed": StatusLook(_("Completed"), "success"),
    "canceled": StatusLook(_("Canceled"), mark="x"),
    "unrouted": StatusLook(_("Unrouted"), mark="ring"),
    "backordered": StatusLook(_("Backordered"), "warning", "clock"),
    "allocated": StatusLook(_("Allocated"), "info"),
    "partly_shipped": StatusLook(_("Partly shipped"), "info"),
    "shipped": StatusLook(_("Shipped"), "success"),
    "held": StatusLook(_("Held"), "warning", "lock"),
    "late": StatusLook(_("Late"), "danger", "alert"),
}
_SUPPLY: Final = {
    "partly_received": StatusLook(_("Partly received"), "info"),
    "received": StatusLook(_("Received"), "success", "check"),
    "approved": StatusLook(_("Approved"), "info", "ring"),
    "review": StatusLook(_("To approve"), "warning"),
    "posted": StatusLook(_("Posted"), "success", "check"),
    "declined": StatusLook(_("Declined"), mark="x"),
    "low": StatusLook(_("Low"), "warning", "down"),
    "out": StatusLook(_("Out of stock"), "danger", "alert"),
    "enough": StatusLook(_("Enough"), mark="ring"),
    "undone": StatusLook(_("Undone"), mark="undo"),
}
_PAYMENT: Final = {
    "unpaid": StatusLook(_("Unpaid"), "warning"),
    "authorized": StatusLook(_("Authorized"), "info"),
    "partly_paid": StatusLook(_("Partly paid"), "warning"),
    "paid": StatusLook(_("Paid"), "success"),
    "partly_refunded": StatusLook(_("Partly refunded"), mark="undo"),
    "refunded": StatusLook(_("Refunded"), mark="undo"),
    "overdue": StatusLook(_("Overdue"), "danger"),
    "on_account": StatusLook(_("On account"), mark="none"),
}
_SHIPMENT: Final = {
    "planned": StatusLook(_("Planned"), mark="ring"),
    "released": StatusLook(_("Released"), "info", "ring"),
    "picking": StatusLook(_("Picking"), "info"),
    "picked": StatusLook(_("Picked"), "info"),
    "packed": StatusLook(_("Packed"), "info", "box"),
    "in_transit": StatusLook(_("In transit"), "info", "truck"),
    "delivered": StatusLook(_("Delivered"), "success", "check"),
    "short": StatusLook(_("Short"), "danger", "alert"),
}
_MOVEMENT: Final = {
    "receive": StatusLook(_("Receive"), "success", "none"),
    "found": StatusLook(_("Found"), "success", "none"),
    "return": StatusLook(_("Return"), "info", "none"),
    "disposition": StatusLook(_("Disposition"), mark="none"),
    "allocate": StatusLook(_("Allocate"), mark="none"),
    "deallocate": StatusLook(_("Deallocate"), mark="none"),
    "pick": StatusLook(_("Pick"), mark="none"),
    "put_back": StatusLook(_("Put back"), mark="none"),
    "ship": StatusLook(_("Ship"), mark="none"),
    "unship": StatusLook(_("Unship"), "warning", "none"),
    "adjust": StatusLook(_("Adjust"), "warning", "none"),
    "write_off": StatusLook(_("Write off"), "danger", "none"),
    "move": StatusLook(_("Move"), mark="none"),
    "block": StatusLook(_("Block"), "warning", "none"),
    "unblock": StatusLook(_("Unblock"), mark="none"),
    "transfer_out": StatusLook(_("Transfer out"), mark="none"),
    "transfer_in": StatusLook(_("Transfer in"), mark="none"),
}
_WORK: Final = {
    "pending": StatusLook(_("Pending"), mark="ring"),
    "queued": StatusLook(_("Queued"), mark="ring"),
    "running": StatusLook(_("Running"), "info"),
    "done": StatusLook(_("Done"), "success", "check"),
    "failed": StatusLook(_("Failed"), "danger", "alert"),
    "parked": StatusLook(_("Parked"), "danger", "pause"),
    "open": StatusLook(_("Open"), "warning", "ring"),
    "resolved": StatusLook(_("Resolved"), "success", "check"),
    "closed": StatusLook(_("Closed"), mark="check"),
    "active": StatusLook(_("Active"), "success"),
    "inactive": StatusLook(_("Inactive"), mark="ring"),
    "expired": StatusLook(_("Expired"), mark="clock"),
    "ready": StatusLook(_("Ready"), "success", "check"),
    "sent": StatusLook(_("Sent"), "success", "mail"),
    "bounced": StatusLook(_("Bounced"), "danger", "alert"),
    "void": StatusLook(_("Void"), mark="x"),
    "requested": StatusLook(_("Requested"), "info", "ring"),
    "uploaded": StatusLook(_("Uploaded"), mark="ring"),
    "checked": StatusLook(_("Checked"), "info"),
    "imported": StatusLook(_("Imported"), "success", "check"),
    "undone": StatusLook(_("Undone"), mark="undo"),
    "discarded": StatusLook(_("Discarded"), mark="x"),
    "archived": StatusLook(_("Archived"), mark="none"),
    "shadow": StatusLook(_("In the shadow"), "info", "eye"),
    "settled": StatusLook(_("Settled"), "success", "check"),
}

STATUS_TONES: Final[dict[str, StatusLook]] = (
    _ORDER | _SUPPLY | _PAYMENT | _SHIPMENT | _MOVEMENT | _WORK
)


def look_of(value: str) -> StatusLook:
    """The look of a status value; an unknown one is shown neutrally, in its own word."""
    known = STATUS_TONES.get(value)
    return known or StatusLook(value.replace("_", " ").capitalize())
