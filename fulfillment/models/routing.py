from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from fulfillment.models.rules import RuleSet
from orders.models import Order


class RoutingDecision(models.Model):
    """Which warehouses got which units of an order, and why: the trace shows every candidate."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="+")
    plan = models.JSONField()
    trace = models.JSONField()
    rule_set = models.ForeignKey(RuleSet, models.SET_NULL, null=True, related_name="+")
    rule_name = models.CharField(_("rule"), max_length=100, blank=True, db_default="")
    override_reason = models.CharField(
        _("overridden because"), max_length=200, blank=True, db_default=""
    )
    actor_label = models.CharField(max_length=150)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("routing decision")
        verbose_name_plural = _("routing decisions")
        indexes = [models.Index(fields=["order", "-id"], name="routing_decision_order")]

    def __str__(self) -> str:
        return f"{self.order_id} at {self.at}"
