"""The demo's carriers with their rates, its routing rules and the shares of its channels."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from channels.services.demo_company import DATA, Company
from fulfillment.models import (
    Carrier,
    CarrierService,
    RateStep,
    RateZone,
    Surcharge,
)
from fulfillment.services.routing_rules import RuleDraft
from fulfillment.services.rule_sets import activate_rule_set, create_rule_set
from inventory.models import Warehouse
from oms.core.actors import SYSTEM
from orders.models import ChannelShare

OF_A_RULE = {"channels"}
AMOUNTS = {"value_from", "value_to", "split_above"}
OF_A_SERVICE = {"zones", "surcharges", "warehouses"}


def add_routing(company: Company) -> None:
    """Enter who ships at what price, and by which rules warehouses are chosen."""
    config = tomllib.loads((DATA / "routing.toml").read_text())
    sites = {warehouse.code: warehouse for warehouse in company.warehouses}
    Warehouse.objects.filter(country="DE").update(holiday_country="DE")
    Warehouse.objects.filter(country="NL").update(holiday_country="NL")
    for data in config["carriers"]:
        carrier = Carrier.objects.create(code=data["code"], title=data["title"])
        for each in data["services"]:
            _add_service(carrier, each, sites)
    for data in config["rule_sets"]:
        _add_rule_set(company, data)
    product = company.products["HLM-EN397-WH"].product
    ChannelShare.objects.create(channel=company.channels["edi"], product=product, percent=40)


def _add_service(carrier: Carrier, data: Mapping[str, Any], sites: Mapping[str, Warehouse]) -> None:
    facts = {name: value for name, value in data.items() if name not in OF_A_SERVICE}
    service = CarrierService.objects.create(carrier=carrier, **facts)
    service.warehouses.set([sites[code] for code in data.get("warehouses", [])])
    for zone in data["zones"]:
        rows = [
            RateZone(
                service=service,
                title=zone["title"],
                origin=sites[zone["origin"]] if "origin" in zone else None,
                country=country,
                transit_days=zone["transit_days"],
            )
            for country in zone["countries"]
        ]
        RateStep.objects.bulk_create(
            RateStep(zone=row, up_to_kg=Decimal(kg), amount=Decimal(str(amount)))
            for row in RateZone.objects.bulk_create(rows)
            for kg, amount in zone["steps"].items()
        )
    Surcharge.objects.bulk_create(
        Surcharge(service=service, **each) for each in data.get("surcharges", [])
    )


def _add_rule_set(company: Company, data: Mapping[str, Any]) -> None:
    rule_set = create_rule_set(
        name=data["name"],
        note=data["note"],
        rules=[_rule(company, facts) for facts in data["rules"]],
        actor=SYSTEM,
    )
    if data.get("is_active"):
        activate_rule_set(rule_set_id=rule_set.pk, actor=SYSTEM)


def _rule(company: Company, facts: Mapping[str, Any]) -> RuleDraft:
    plain = {name: value for name, value in facts.items() if name not in OF_A_RULE}
    money = {name: Decimal(value) for name, value in plain.items() if name in AMOUNTS}
    channels = [company.channels[code].pk for code in facts.get("channels", [])]
    return RuleDraft(**plain | money, channels=channels)
