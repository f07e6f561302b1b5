from fulfillment.models.carrier import (
    Carrier,
    CarrierService,
    RateStep,
    RateVersion,
    RateZone,
    Surcharge,
)
from fulfillment.models.parcel import Parcel, ParcelLine
from fulfillment.models.picking import Pick, PickList
from fulfillment.models.routing import RoutingDecision
from fulfillment.models.rules import (
    Criterion,
    Otherwise,
    RejectionReason,
    RoutingRule,
    RoutingSettings,
    RuleSet,
    SplitPolicy,
)
from fulfillment.models.shipment import Shipment, ShipmentLine
from fulfillment.models.site import LinePromise, Rejection, SiteDay, SiteExclusion, SiteScore
from fulfillment.models.trial import ReplayOrder, ReplayRun, ShadowBatch, ShadowResult

__all__ = [
    "Carrier",
    "CarrierService",
    "Criterion",
    "LinePromise",
    "Otherwise",
    "Parcel",
    "ParcelLine",
    "Pick",
    "PickList",
    "RateStep",
    "RateVersion",
    "RateZone",
    "Rejection",
    "RejectionReason",
    "ReplayOrder",
    "ReplayRun",
    "RoutingDecision",
    "RoutingRule",
    "RoutingSettings",
    "RuleSet",
    "ShadowBatch",
    "ShadowResult",
    "Shipment",
    "ShipmentLine",
    "SiteDay",
    "SiteExclusion",
    "SiteScore",
    "SplitPolicy",
    "Surcharge",
]
