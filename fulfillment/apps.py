from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FulfillmentConfig(AppConfig):
    name = "fulfillment"
    verbose_name = _("Fulfillment")

    def ready(self) -> None:
        _register_pages()
        _register_reactions()
        _register_papers_and_checks()
        _register_jobs()


def _register_jobs() -> None:
    from fulfillment.services import replay
    from oms.core.progress import register_job

    register_job(replay.KIND, replay.run_replay, permission="fulfillment.view_ruleset")


def _register_pages() -> None:
    from fulfillment import panels
    from fulfillment.selectors import shipment_list
    from oms.core.links import Fix, Way, register_fix, register_links, register_number_prefix
    from oms.core.listing import register_filter
    from oms.core.panels import Panel, register_panel
    from oms.core.search import register_search
    from orders.ports import register_order_actions, register_picked_units
    from orders.selectors.timeline import register_related

    view = "fulfillment.view_shipment"
    register_panel(
        "order",
        Panel("shipments", "fulfillment/_order_shipments.html", panels.order_shipments, view, 10),
    )
    register_panel(
        "order",
        Panel(
            "routing", "fulfillment/_order_routing.html", panels.routing_panel, view, 20, "aside"
        ),
    )
    told = "fulfillment.view_linepromise"
    register_panel(
        "order",
        Panel("promises", "fulfillment/_order_promises.html", panels.order_promises, told, 15),
    )
    register_panel("start", Panel("promises", "", panels.promise_tiles, told, 25, "tiles"))
    for page, load in (
        ("purchase_order", panels.purchase_order_fill),
        ("product", panels.product_fill),
    ):
        register_panel(page, Panel("fill", "fulfillment/_fill_preview.html", load, view, 40))
    filled = Panel("filled", "fulfillment/_fill_result.html", panels.receipt_fill, view, 40)
    register_panel("receipt", filled)
    register_panel("start", Panel("shipments", "", panels.start_tiles, view, 20, "tiles"))
    register_panel(
        "start",
        Panel("warehouses", "fulfillment/_warehouse_work.html", panels.warehouse_work, view, 50),
    )
    register_order_actions("fulfillment", panels.order_actions)
    register_picked_units("fulfillment", panels.picked_units)
    register_related("shipments", panels.related_documents)
    register_filter("orders", shipment_list.ORDERS_OF_WAREHOUSE)
    register_search("shipments", shipment_list.find_shipments)
    register_links("shipment", shipment_list.shipment_links)
    register_links("parcel", shipment_list.parcel_links)
    register_number_prefix("SH-", "fulfillment:shipment_page")
    by_hand = Way(_("Choose warehouses"), "fulfillment.override_routing", panels.warehouse_choices)
    register_fix(
        Fix(
            "route_order",
            _("Route again"),
            "fulfillment.route_order",
            panels.route_case,
            panels.route_cases,
            (by_hand,),
        )
    )


def _register_reactions() -> None:
    from fulfillment import events, handlers, notifications
    from inventory.events import StockArrived
    from oms.core.events import How, subscribe
    from orders.events import (
        OrderCanceled,
        OrderLinesCanceled,
        OrderPlaced,
        OrderReleasedForRouting,
    )

    route, batch = handlers.route_placed, 500
    subscribe(OrderPlaced, route, name="fulfillment.route", batch=batch)
    subscribe(OrderReleasedForRouting, route, name="fulfillment.route_released", batch=batch)
    subscribe(events.UnitsReopened, route, name="fulfillment.route_reopened", batch=batch)
    wake = handlers.wake_released
    subscribe(OrderReleasedForRouting, wake, name="fulfillment.wake_claims", batch=batch)
    subscribe(
        events.UnitsRejected,
        handlers.find_another_warehouse,
        name="fulfillment.route_rejected",
        batch=batch,
    )
    # Filling takes a transaction for each batch of orders and may run twice without harm.
    fill, chunks = handlers.fill_from_cancellations, How.SENDER
    subscribe(
        StockArrived,
        handlers.fill_from_arrivals,
        name="fulfillment.fill",
        how=chunks,
        batch=50,
    )
    subscribe(
        events.ExclusionLifted,
        handlers.fill_from_lifted,
        name="fulfillment.fill_lifted",
        how=chunks,
        batch=50,
    )
    subscribe(OrderCanceled, fill, name="fulfillment.fill_canceled", how=chunks, batch=50)
    subscribe(OrderLinesCanceled, fill, name="fulfillment.fill_cut", how=chunks, batch=50)
    subscribe(
        events.OrderRouted, handlers.make_findable, name="fulfillment.search_terms", batch=batch
    )
    subscribe(
        events.ShadowAsked,
        handlers.decide_in_shadow,
        name="fulfillment.shadow",
        queue="reports",
        batch=5,
    )
    subscribe(
        events.ShipmentCanceled,
        handlers.free_capacity,
        name="fulfillment.free_capacity",
        batch=batch,
    )
    _keep_promises()
    subscribe(
        events.ShipmentReleased,
        handlers.draw_pick_lists,
        name="fulfillment.pick_list_paper",
        queue="documents",
        batch=100,
    )
    subscribe(
        events.ShipmentPacked,
        handlers.draw_packing_slips,
        name="fulfillment.packing_slip_paper",
        queue="documents",
        batch=100,
    )
    subscribe(
        events.ParcelShipped,
        notifications.tell_parcels_shipped,
        name="fulfillment.parcel_shipped_mail",
        queue="messages",
        batch=50,
        delay_s=60,
    )
    subscribe(
        events.RestCanceled,
        notifications.tell_rests_canceled,
        name="fulfillment.rest_canceled_mail",
        queue="messages",
        batch=50,
    )


def _keep_promises() -> None:
    from fulfillment import events, handlers
    from inventory.events import IncomingChanged, StockArrived, WarehouseDaysChanged
    from oms.core.events import How, subscribe
    from orders.events import OrderCanceled, OrderLinesCanceled

    of_orders, of_parcels = handlers.keep_promises_of_orders, handlers.keep_promises_of_parcels
    of_goods, of_days = handlers.keep_promises_of_goods, handlers.keep_promises_of_days
    name, chunks = "fulfillment.promises", How.SENDER
    subscribe(events.OrderRouted, of_orders, name=f"{name}_routed", batch=500)
    subscribe(events.UnitsReopened, of_orders, name=f"{name}_reopened", batch=500)
    subscribe(events.UnitsRejected, of_orders, name=f"{name}_rejected", batch=500)
    subscribe(OrderCanceled, of_orders, name=f"{name}_canceled", batch=500)
    subscribe(OrderLinesCanceled, of_orders, name=f"{name}_cut", batch=500)
    subscribe(events.ParcelShipped, of_parcels, name=f"{name}_shipped", batch=200)
    subscribe(events.ParcelUnshipped, of_parcels, name=f"{name}_unshipped", batch=200)
    # These may concern thousands of orders: each batch of them is a transaction of its own.
    subscribe(StockArrived, of_goods, name=f"{name}_arrived", how=chunks, batch=50)
    subscribe(IncomingChanged, of_goods, name=f"{name}_incoming", how=chunks, batch=50)
    subscribe(WarehouseDaysChanged, of_days, name=f"{name}_days", how=chunks, batch=50)


def _register_papers_and_checks() -> None:
    from fulfillment.resources import RateImporter
    from fulfillment.selectors import invariants
    from fulfillment.selectors.packing_slip import packing_slip
    from fulfillment.selectors.pick_list_paper import pick_list_paper
    from fulfillment.selectors.promised import promised_contents
    from fulfillment.services.take_back import take_back
    from inventory.ports import register_promised_contents, register_shortage_resolver
    from oms.core.imports import register_importer
    from oms.core.invariants import register_invariant
    from oms.core.papers import register_paper

    register_promised_contents(promised_contents)
    register_shortage_resolver(take_back)
    register_importer(RateImporter())
    register_paper("packing_slip", packing_slip, permission="fulfillment.view_shipment")
    register_paper("pick_list", pick_list_paper, permission="fulfillment.view_picklist")
    for name, sql, explain in invariants.ALL:
        register_invariant(name, sql, explain)
