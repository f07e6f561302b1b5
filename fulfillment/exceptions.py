"""What fulfillment refuses. ``str(error)`` is the sentence for the person at the screen."""

from oms.core.exceptions import Refusal


class RoutingRefused(Refusal):
    """The order cannot be routed now."""


class OnHold(Refusal):
    """A hold of the order stops this step."""


class InsufficientCapacity(Refusal):
    """Others have taken the last shipments that a warehouse can do on a day."""


class NothingToPick(Refusal):
    """The bins do not hold what the shipment needs."""


class PickRefused(Refusal):
    """The pick does not allow this quantity."""


class PackRefused(Refusal):
    """The parcel cannot take this, or cannot be closed or opened."""


class ShipRefused(Refusal):
    """The parcel cannot be handed over, or its hand-over cannot be undone."""


class RejectRefused(Refusal):
    """The units cannot be sent back by the warehouse."""


class MoveRefused(Refusal):
    """The shipment cannot be moved, split or merged, or the order not be routed by hand, this way."""


class CancelRefused(Refusal):
    """The shipment has gone too far to be canceled."""


class Unknown(Refusal):
    """There is no such shipment, pick or parcel."""


class RuleRefused(Refusal):
    """A routing rule or a set of them cannot be what was asked for."""
