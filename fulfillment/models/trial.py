from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from fulfillment.models.rules import RuleSet
from orders.models import Order


class ReplayRun(models.Model):
    """A rule set tried on past orders, beside the set that was active then; nothing is shipped by it.

    ``figures`` holds for "active" and "tried": orders, shipments, splits, kilometers, cost, late.
    """

    rule_set = models.ForeignKey(RuleSet, models.CASCADE, related_name="replays")
    job_id = models.BigIntegerField(null=True)
    from_at = models.DateTimeField(_("from"))
    to_at = models.DateTimeField(_("to"))
    orders = models.IntegerField(_("orders"), default=0, db_default=0)
    changed = models.IntegerField(_("changed orders"), default=0, db_default=0)
    figures = models.JSONField(default=dict)
    created_by = models.CharField(max_length=150, blank=True, db_default="")
    created_at = models.DateTimeField(_("started"), db_default=Now())
    finished_at = models.DateTimeField(_("finished"), null=True)

    class Meta:
        verbose_name = _("replay")
        verbose_name_plural = _("replays")
        indexes = [models.Index(fields=["rule_set", "-id"], name="replay_run_rule_set")]

    def __str__(self) -> str:
        return f"{self.rule_set} {self.from_at:%Y-%m-%d} - {self.to_at:%Y-%m-%d}"


class ReplayOrder(models.Model):
    """One order of a replay that the two sets decide differently."""

    run = models.ForeignKey(ReplayRun, models.CASCADE, related_name="changes")
    order = models.ForeignKey(Order, models.CASCADE, related_name="+")
    active = models.JSONField()
    tried = models.JSONField()

    class Meta:
        verbose_name = _("changed order")
        verbose_name_plural = _("changed orders")
        constraints = [models.UniqueConstraint(fields=["run", "order"], name="replay_order_once")]

    def __str__(self) -> str:
        return f"{self.order_id} in {self.run_id}"


class ShadowBatch(models.Model):
    """What the router looked at when it decided over orders, until the set in the shadow has seen it."""

    rule_set = models.ForeignKey(RuleSet, models.CASCADE, related_name="+")
    facts = models.JSONField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("batch for the shadow")
        verbose_name_plural = _("batches for the shadow")

    def __str__(self) -> str:
        return f"{self.rule_set_id} at {self.at}"


class ShadowResult(models.Model):
    """What the set in the shadow would have done with an order that was routed."""

    rule_set = models.ForeignKey(RuleSet, models.CASCADE, related_name="shadow_results")
    order = models.ForeignKey(Order, models.CASCADE, related_name="+")
    decision_id = models.BigIntegerField(null=True)
    is_different = models.BooleanField(_("different"))
    active = models.JSONField()
    shadow = models.JSONField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("shadow result")
        verbose_name_plural = _("shadow results")
        indexes = [
            models.Index(
                fields=["rule_set", "-id"],
                condition=Q(is_different=True),
                name="shadow_result_different",
            ),
            models.Index(fields=["order"], name="shadow_result_order"),
        ]

    def __str__(self) -> str:
        return f"{self.order_id} under {self.rule_set_id}"
