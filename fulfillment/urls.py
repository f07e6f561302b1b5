"""The staff pages of fulfillment, inside ``/admin/`` and ahead of the generated ones."""

from django.urls import path, re_path

from fulfillment.views import order_actions, papers, shipment, shipment_actions

app_name = "fulfillment"

SHIPMENT = r"^fulfillment/shipment/(?P<number>[A-Z]{1,6}-[0-9]{1,20})/"
ORDER = r"^orders/order/(?P<number>[A-Z]{1,6}-[0-9]{1,20})/"
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
    re_path(SHIPMENT + PAPER + "$", papers.download, name="shipment_paper"),
    re_path(SHIPMENT + PAPER + "print/$", papers.print_again, name="shipment_print"),
    re_path(ORDER + "route/$", order_actions.route, name="order_route"),
    re_path(ORDER + "release/$", order_actions.release, name="order_release"),
    re_path(ORDER + "cancel-with-shipments/$", order_actions.cancel, name="order_cancel"),
]
