"""How the house fills, changed by a person."""

from __future__ import annotations

from django.db import transaction

from fulfillment.models import RoutingSettings
from oms.core import activity
from oms.core.actors import Actor


@transaction.atomic
def change_routing_settings(
    *, fill_policy: str, held_claim_days: int | None, actor: Actor
) -> RoutingSettings:
    """Fill by this policy from now on, and let held orders keep their claims for so many days (None:
    as long as they are held).
    """
    RoutingSettings.objects.get_or_create(pk=1)
    settings = RoutingSettings.objects.select_for_update().get(pk=1)
    old = _told(settings)
    settings.fill_policy = RoutingSettings.FillPolicy(fill_policy).value
    settings.held_claim_days = held_claim_days
    settings.save()
    if (new := _told(settings)) != old:
        activity.record(settings, "changed", actor=actor, old=old, new=new)
    return settings


def _told(settings: RoutingSettings) -> str:
    days = settings.held_claim_days
    return f"{settings.fill_policy}, {'as long as held' if days is None else f'{days} days'}"
