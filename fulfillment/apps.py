from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FulfillmentConfig(AppConfig):
    name = "fulfillment"
    verbose_name = _("Fulfillment")

    def ready(self) -> None:
        _register_pages()


def _register_pages() -> None:
    from fulfillment import panels
    from fulfillment.selectors import shipment_list
    from oms.core.links import Fix, register_fix, register_links, register_number_prefix
    from oms.core.listing import register_filter
    from oms.core.panels import Panel, register_panel
    from oms.core.search import register_search
    from orders.ports import register_order_actions
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
    register_panel("start", Panel("shipments", "", panels.start_tiles, view, 20, "tiles"))
    register_order_actions("fulfillment", panels.order_actions)
    register_related("shipments", panels.related_documents)
    register_filter("orders", shipment_list.ORDERS_OF_WAREHOUSE)
    register_search("shipments", shipment_list.find_shipments)
    register_links("shipment", shipment_list.shipment_links)
    register_links("parcel", shipment_list.parcel_links)
    register_number_prefix("SH-", "fulfillment:shipment_page")
    register_fix(Fix("route_order", _("Route again"), "fulfillment.route_order", panels.route_case))
