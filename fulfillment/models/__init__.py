from fulfillment.models.parcel import Parcel, ParcelLine
from fulfillment.models.picking import Pick, PickList
from fulfillment.models.routing import RoutingDecision
from fulfillment.models.shipment import Shipment, ShipmentLine

__all__ = [
    "Parcel",
    "ParcelLine",
    "Pick",
    "PickList",
    "RoutingDecision",
    "Shipment",
    "ShipmentLine",
]
