"""The staff pages of fulfillment, inside ``/admin/`` and ahead of the generated ones."""

from django.urls import path, re_path

from fulfillment.views import (
    corrections,
    decision,
    order_actions,
    override,
    papers,
    promises,
    rates,
    reliability,
    replay,
    routing_rule,
    rule_set,
    rule_set_actions,
    shipment,
    shipment_actions,
)

app_name = "fulfillment"

SHIPMENT = r"^fulfillment/shipment/(?P<number>[A-Z]{1,6}-[0-9]{1,20})/"
ORDER = r"^orders/order/(?P<number>[A-Z]{1,6}-[0-9]{1,20})/"
RULE_SET = "fulfillment/ruleset/<int:rule_set_id>/"
RULE = RULE_SET + "rule/<int:rule_id>/"
SITE = "(?P<warehouse_id>[0-9]{1,18})/$"
OTHER = "(?P<other_id>[0-9]{1,18})/$"
PICK = "picks/(?P<pick_id>[0-9]{1,18})/"
PAPER = "papers/(?P<paper_id>[0-9]{1,18})/"

urlpatterns = [
    path("fulfillment/shipment/", shipment.shipment_list, name="shipment_list"),
    re_path(SHIPMENT + "$", shipment.shipment_page, name="shipment_page"),
    re_path(SHIPMENT + "release/$", shipment_actions.release, name="shipment_release"),
    re_path(SHIPMENT + "take-back/$", shipment_actions.unrelease, name="shipment_unrelease"),
    re_path(SHIPMENT + "pick/$", shipment_actions.pick, name="shipment_pick"),
    re_path(SHIPMENT + "pack/$", shipment_actions.pack, name="shipment_pack"),
    re_path(SHIPMENT + "ship/$", shipment_actions.ship, name="shipment_ship"),
    re_path(SHIPMENT + "undo-ship/$", shipment_actions.unship, name="shipment_unship"),
    re_path(SHIPMENT + "deliver/$", shipment_actions.deliver, name="shipment_deliver"),
    re_path(SHIPMENT + "cancel/$", shipment_actions.cancel, name="shipment_cancel"),
    re_path(SHIPMENT + "reject/$", corrections.reject, name="shipment_reject"),
    re_path(SHIPMENT + "move/$", corrections.move, name="shipment_move"),
    re_path(SHIPMENT + "move-back/" + SITE, corrections.move_back, name="shipment_move_back"),
    re_path(SHIPMENT + "split/$", corrections.split, name="shipment_split"),
    re_path(SHIPMENT + "merge-back/" + OTHER, corrections.merge_back, name="shipment_merge_back"),
    re_path(SHIPMENT + "merge/$", corrections.merge, name="shipment_merge"),
    re_path(SHIPMENT + PICK + "short/$", corrections.short, name="pick_short"),
    re_path(SHIPMENT + PAPER + "$", papers.download, name="shipment_paper"),
    re_path(SHIPMENT + PAPER + "print/$", papers.print_again, name="shipment_print"),
    re_path(ORDER + "routing/$", decision.order_routing, name="order_routing"),
    re_path(ORDER + "route/$", order_actions.route, name="order_route"),
    re_path(ORDER + "warehouses/$", override.choose_warehouses, name="order_warehouses"),
    path("fulfillment/reliability/", reliability.reliability, name="reliability"),
    path("fulfillment/reliability/filling/", reliability.change_settings, name="routing_settings"),
    path(
        "fulfillment/reliability/exclusion/<int:exclusion_id>/lift/",
        reliability.lift,
        name="exclusion_lift",
    ),
    re_path(ORDER + "release/$", order_actions.release, name="order_release"),
    re_path(ORDER + "cancel-with-shipments/$", order_actions.cancel, name="order_cancel"),
    path("fulfillment/linepromise/", promises.promise_list, name="promise_list"),
    path("fulfillment/rates/", rates.rates, name="rates"),
    path("fulfillment/ruleset/", rule_set.rule_set_list, name="ruleset_list"),
    path("fulfillment/ruleset/add/", rule_set.rule_set_add, name="ruleset_add"),
    path(RULE_SET, rule_set.rule_set_page, name="ruleset_page"),
    path(RULE_SET + "activate/", rule_set_actions.activate, name="ruleset_activate"),
    path(RULE_SET + "archive/", rule_set_actions.archive, name="ruleset_archive"),
    path(RULE_SET + "restore/", rule_set_actions.restore, name="ruleset_restore"),
    path(RULE_SET + "copy/", rule_set_actions.copy, name="ruleset_copy"),
    path(RULE_SET + "rename/", rule_set_actions.rename, name="ruleset_rename"),
    path(RULE_SET + "shadow/", replay.shadow_results, name="ruleset_shadow"),
    path(RULE_SET + "shadow/start/", rule_set_actions.start_shadow, name="ruleset_shadow_start"),
    path(RULE_SET + "shadow/end/", rule_set_actions.end_shadow, name="ruleset_shadow_end"),
    path(RULE_SET + "replay/", replay.replay_start, name="ruleset_replay"),
    path(RULE_SET + "replay/<int:run_id>/", replay.replay_page, name="replay_page"),
    path(RULE_SET + "rule/add/", routing_rule.rule_add, name="rule_add"),
    path(RULE, routing_rule.rule_page, name="rule_page"),
    path(RULE + "up/", routing_rule.rule_up, name="rule_up"),
    path(RULE + "down/", routing_rule.rule_down, name="rule_down"),
    path(RULE + "switch/", routing_rule.rule_switch, name="rule_switch"),
    path(RULE + "remove/", routing_rule.rule_remove, name="rule_remove"),
    path(RULE_SET + "rule/restore/<str:removed>/", routing_rule.rule_restore, name="rule_restore"),
]
