"""What the words mean and how the keys work, for everybody who signs in."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from oms.core.access import staff

WORDS = [
    (gettext_lazy("On hand"), gettext_lazy("Physically in the warehouse. It falls when goods leave.")),
    (gettext_lazy("Allocated"), gettext_lazy("Firmly claimed by an order at one warehouse.")),
    (gettext_lazy("Blocked"), gettext_lazy("In quarantine, returns or missing: not for sale.")),
    (gettext_lazy("Available"), gettext_lazy("On hand − allocated − blocked.")),
    (gettext_lazy("Reserved"), gettext_lazy("A soft claim on a product, before a warehouse is chosen.")),
    (
        gettext_lazy("Available to promise"),
        gettext_lazy("What can still be sold: available beyond safety stock, less earlier claims."),
    ),
    (gettext_lazy("Incoming"), gettext_lazy("On a purchase order that was sent; counted from its day on.")),
    (gettext_lazy("In transit"), gettext_lazy("Sent from one of our warehouses, not yet at the other.")),
    (gettext_lazy("Backorder"), gettext_lazy("Ordered and promised; there is no stock for it yet.")),
    (gettext_lazy("Place"), gettext_lazy("Accept an order.")),
    (gettext_lazy("Hold"), gettext_lazy("A named reason that stops routing or shipping, until lifted.")),
    (gettext_lazy("Route"), gettext_lazy("Choose the warehouse or warehouses for an order.")),
    (gettext_lazy("Rule set"), gettext_lazy("The routing rules in their order: the first that fits decides.")),
    (gettext_lazy("Replay"), gettext_lazy("Past orders decided again by a draft; nothing is shipped.")),
    (gettext_lazy("Shadow"), gettext_lazy("A draft that decides beside the active rules, to be compared.")),
    (gettext_lazy("Promise"), gettext_lazy("The day the customer was told first; expected is what we know now.")),
    (gettext_lazy("Reject"), gettext_lazy("A warehouse sends units back: they are routed to another one.")),
    (gettext_lazy("Release"), gettext_lazy("Give a shipment to the floor to be picked.")),
    (gettext_lazy("Shipment"), gettext_lazy("Goods leaving one warehouse for one address.")),
    (gettext_lazy("Parcel"), gettext_lazy("One box with one label. Stock is booked out per parcel.")),
    (gettext_lazy("Short pick"), gettext_lazy("Less found in the bin than asked for.")),
    (gettext_lazy("Reorder point"), gettext_lazy("At or below it a product is ordered again, up to the target.")),
    (gettext_lazy("Receipt"), gettext_lazy("Goods that came in at one time against an order or a transfer.")),
    (gettext_lazy("Count"), gettext_lazy("Looking what lies there; differences are booked, large ones approved.")),
    (gettext_lazy("Adjustment"), gettext_lazy("A correction of stock by hand, with a reason.")),
    (gettext_lazy("Exception"), gettext_lazy("Something stuck that wants a person.")),
]  # fmt: skip

STEPS = [
    (gettext_lazy("Placed"), gettext_lazy("The order is accepted: its units are open and reserved.")),
    (
        gettext_lazy("Routed"),
        gettext_lazy("Units are allocated at a warehouse and shipments planned; the rest is owed."),
    ),
    (gettext_lazy("Released"), gettext_lazy("The floor has a pick list, in walking order.")),
    (gettext_lazy("Picked and packed"), gettext_lazy("Every unit lies in a closed parcel.")),
    (
        gettext_lazy("Shipped"),
        gettext_lazy("The parcels are handed over: stock is booked out, the customer is told."),
    ),
]  # fmt: skip


@staff
def help_page(request: HttpRequest) -> HttpResponse:
    return render(request, "core/help.html", {"title": _("Help"), "words": WORDS, "steps": STEPS})
