from __future__ import annotations

from decimal import Decimal

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from inventory.models import Warehouse
from oms.core.money import AmountField
from oms.core.querysets import LockingQuerySet
from oms.core.workflow import Guard
from orders.models import Customer, SalesChannel


class Criterion(models.TextChoices):
    """By what warehouses are preferred; the first that does not tie decides."""

    FEWEST_SPLITS = "fewest_splits", _("Fewest shipments")
    DISTANCE = "distance", _("Shortest way")
    LANDED_COST = "landed_cost", _("Lowest cost")
    PROMISE_MET = "promise_met", _("Promise kept")
    WAREHOUSE_PRIORITY = "warehouse_priority", _("Warehouse priority")
    STOCK_DEPTH = "stock_depth", _("Deepest stock")
    RELIABILITY = "reliability", _("Most reliable")


class SplitPolicy(models.TextChoices):
    NEVER = "never", _("Never")
    ABOVE_VALUE = "above_value", _("Only above a value")
    ALLOWED = "allowed", _("Allowed")
    GROUPS_TOGETHER = "groups_together", _("Allowed, groups stay together")


class Otherwise(models.TextChoices):
    """What happens with what no warehouse can ship under a rule."""

    NEXT_RULE = "next_rule", _("Try the next rule")
    BACKORDER = "backorder", _("Backorder")
    HOLD = "hold", _("Hold for a person")
    CANCEL_DATE = "cancel_date", _("Backorder, cancel after some days")


def usual_preference() -> list[str]:
    return [Criterion.FEWEST_SPLITS, Criterion.DISTANCE, Criterion.WAREHOUSE_PRIORITY]


class RuleSetQuerySet(LockingQuerySet["RuleSet"]):
    pass


class RuleSet(models.Model):
    """Routing rules in their order. One set is active; one may run in its shadow."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        ACTIVE = "active", _("Active")
        ARCHIVED = "archived", _("Archived")

    name = models.CharField(_("name"), max_length=100)
    note = models.TextField(_("note"), blank=True, db_default="")
    status = FSMField(_("status"), protected=True, choices=Status, default=Status.DRAFT)
    is_shadow = models.BooleanField(
        _("runs in the shadow"),
        default=False,
        db_default=False,
        help_text=_("Decides beside the active set, ships nothing, and notes the differences."),
    )
    created_by = models.CharField(_("created by"), max_length=150, blank=True, db_default="")
    created_at = models.DateTimeField(_("created"), db_default=Now())
    activated_at = models.DateTimeField(_("activated"), null=True)
    archived_at = models.DateTimeField(_("archived"), null=True)

    objects = RuleSetQuerySet.as_manager()

    class Meta:
        verbose_name = _("rule set")
        verbose_name_plural = _("rule sets")
        permissions = [("activate_ruleset", _("Can activate rule sets"))]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["draft", "active", "archived"]), name="rule_set_status"
            ),
            models.UniqueConstraint(
                fields=["status"], condition=Q(status="active"), name="one_active_rule_set"
            ),
            models.UniqueConstraint(
                fields=["is_shadow"], condition=Q(is_shadow=True), name="one_shadow_rule_set"
            ),
            models.CheckConstraint(
                condition=Q(is_shadow=False) | Q(status="draft"), name="shadow_is_a_draft"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @transition(field=status, source=[Status.DRAFT, Status.ARCHIVED], target=Status.ACTIVE)
    def activate(self) -> None:
        """From now on it decides."""
        self.activated_at, self.archived_at, self.is_shadow = Now(), None, False

    @transition(field=status, source=[Status.DRAFT, Status.ACTIVE], target=Status.ARCHIVED)
    def archive(self) -> None:
        """It is kept to be read, and may come back."""
        self.archived_at, self.is_shadow = Now(), False

    @transition(
        field=status,
        source=Status.ARCHIVED,
        target=Status.DRAFT,
        conditions=[
            Guard(
                lambda rule_set: rule_set.activated_at is None,
                "This set has decided over orders: edit a copy, or activate it as it was.",
            )
        ],
    )
    def restore(self) -> None:
        """A draft that was put away is worked on again."""
        self.archived_at = None


class RoutingRule(models.Model):
    """Which orders it is for, which warehouses may serve them, in which preference, and what else.

    The first rule in ``position`` order whose filter matches an order decides. An empty filter
    matches everything. Values are in the company's currency, distances in km.
    """

    rule_set = models.ForeignKey(RuleSet, models.CASCADE, related_name="rules")
    position = models.PositiveIntegerField(_("position"))
    name = models.CharField(_("name"), max_length=100)
    is_enabled = models.BooleanField(_("enabled"), default=True, db_default=True)

    channels = models.ManyToManyField(
        SalesChannel, related_name="+", blank=True, verbose_name=_("channels")
    )
    profile = models.CharField(
        _("customer profile"), max_length=3, choices=Customer.Kind, blank=True, db_default=""
    )
    countries = ArrayField(
        models.CharField(max_length=2),
        verbose_name=_("ship-to countries"),
        default=list,
        blank=True,
        db_default=[],
    )
    value_from = AmountField(_("value from"), null=True, blank=True)
    value_to = AmountField(_("value below"), null=True, blank=True)
    priority_from = models.SmallIntegerField(_("priority from"), null=True, blank=True)
    tags = ArrayField(
        models.CharField(max_length=32),
        verbose_name=_("tags (any of)"),
        default=list,
        blank=True,
        db_default=[],
    )

    warehouses = models.ManyToManyField(
        Warehouse, related_name="+", blank=True, verbose_name=_("only these warehouses")
    )
    excluded_warehouses = models.ManyToManyField(
        Warehouse, related_name="+", blank=True, verbose_name=_("not these warehouses")
    )
    needs_capacity = models.BooleanField(
        _("only with capacity left today"), default=False, db_default=False
    )
    needs_cut_off = models.BooleanField(
        _("only before today's cut-off"), default=False, db_default=False
    )
    keeps_safety_stock = models.BooleanField(_("keeps safety stock"), default=True, db_default=True)
    keeps_share = models.BooleanField(
        _("keeps to the channel's share"), default=False, db_default=False
    )
    min_reliability = models.DecimalField(
        _("least reliability (%)"),
        max_digits=4,
        decimal_places=1,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(100))],
    )
    max_distance_km = models.PositiveIntegerField(_("farthest (km)"), null=True, blank=True)

    preference = ArrayField(
        models.CharField(max_length=20, choices=Criterion),
        verbose_name=_("preference"),
        default=usual_preference,
    )
    split = models.CharField(
        _("split over warehouses"), max_length=16, choices=SplitPolicy, default=SplitPolicy.ALLOWED
    )
    split_above = AmountField(_("split only above"), null=True, blank=True)
    otherwise = models.CharField(
        _("when not everything fits"),
        max_length=12,
        choices=Otherwise,
        default=Otherwise.BACKORDER,
    )
    cancel_after_days = models.PositiveSmallIntegerField(
        _("cancel after (days)"), null=True, blank=True
    )

    class Meta:
        verbose_name = _("routing rule")
        verbose_name_plural = _("routing rules")
        constraints = [
            models.UniqueConstraint(
                fields=["rule_set", "position"],
                name="rule_position_once",
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.CheckConstraint(
                condition=Q(profile__in=["", "b2b", "b2c"])
                & Q(split__in=["never", "above_value", "allowed", "groups_together"])
                & Q(otherwise__in=["next_rule", "backorder", "hold", "cancel_date"]),
                name="rule_choices",
            ),
            models.CheckConstraint(
                condition=Q(value_from=None)
                | Q(value_to=None)
                | Q(value_to__gt=models.F("value_from")),
                name="rule_value_range",
                violation_error_message=_("“Value below” lies above “value from”."),
            ),
            models.CheckConstraint(
                condition=~Q(split="above_value") | Q(split_above__isnull=False),
                name="rule_split_above",
                violation_error_message=_("Say above which value orders may be split."),
            ),
            models.CheckConstraint(
                condition=~Q(otherwise="cancel_date") | Q(cancel_after_days__isnull=False),
                name="rule_cancel_after",
                violation_error_message=_("Say after how many days the rest is canceled."),
            ),
            models.CheckConstraint(
                condition=Q(preference__len__gte=1)
                & Q(
                    preference__contained_by=[
                        "fewest_splits",
                        "distance",
                        "landed_cost",
                        "promise_met",
                        "warehouse_priority",
                        "stock_depth",
                        "reliability",
                    ]
                ),
                name="rule_preference",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class RoutingSettings(models.Model):
    """How the house routes and fills; one row."""

    class FillPolicy(models.TextChoices):
        OLDEST_PROMISE = "oldest_promise", _("Oldest promise first")
        PRIORITY = "priority", _("Priority first, then oldest")
        MOST_COMPLETED = "most_completed", _("Most orders completed")

    fill_policy = models.CharField(
        _("backorders are filled by"),
        max_length=16,
        choices=FillPolicy,
        default=FillPolicy.PRIORITY,
        db_default=FillPolicy.PRIORITY,
    )
    held_claim_days = models.PositiveSmallIntegerField(
        _("a held order keeps its claim for (days)"),
        null=True,
        blank=True,
        help_text=_("Empty means for as long as it is held."),
    )

    class Meta:
        verbose_name = _("routing settings")
        verbose_name_plural = _("routing settings")
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="routing_settings_once"),
            models.CheckConstraint(
                condition=Q(fill_policy__in=["oldest_promise", "priority", "most_completed"]),
                name="routing_settings_fill_policy",
            ),
        ]

    def __str__(self) -> str:
        return str(_("Routing settings"))


class RejectionReason(models.Model):
    """Why a warehouse sends a line back, and what follows from it."""

    class Effect(models.TextChoices):
        NOTHING = "nothing", _("Stock stays as it is")
        SET_TO_ZERO = "set_to_zero", _("Nothing is left: all free units go to the missing bin")
        MISMATCH = "mismatch", _("The rejected units are missing")
        DAMAGED = "damaged", _("The rejected units go to quarantine")

    code = models.SlugField(_("code"), max_length=32)
    title = models.CharField(_("title"), max_length=100)
    effect = models.CharField(_("effect on stock"), max_length=12, choices=Effect)
    excludes_hours = models.PositiveSmallIntegerField(
        _("keeps the warehouse out for (hours)"), default=0, db_default=0
    )
    excludes_all_products = models.BooleanField(
        _("for every product"),
        default=False,
        db_default=False,
        help_text=_("Otherwise for the rejected product alone."),
    )
    opens_count = models.BooleanField(_("asks for a count"), default=False, db_default=False)
    lowers_reliability = models.BooleanField(
        _("lowers the reliability score"), default=True, db_default=True
    )
    is_active = models.BooleanField(_("active"), default=True, db_default=True)

    class Meta:
        verbose_name = _("rejection reason")
        verbose_name_plural = _("rejection reasons")
        constraints = [
            models.UniqueConstraint(Lower("code"), name="rejection_reason_unique"),
            models.CheckConstraint(
                condition=Q(effect__in=["nothing", "set_to_zero", "mismatch", "damaged"]),
                name="rejection_reason_effect",
            ),
        ]

    def __str__(self) -> str:
        return self.title
