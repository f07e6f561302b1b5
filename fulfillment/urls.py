"""The staff pages of fulfillment, inside ``/admin/`` and ahead of the generated ones."""

from django.urls import path, re_path

from fulfillment.views import shipment

app_name = "fulfillment"

SHIPMENT = r"^fulfillment/shipment/(?P<number>[A-Z]{1,6}-[0-9]{1,20})/"

urlpatterns = [
    path("fulfillment/shipment/", shipment.shipment_list, name="shipment_list"),
    re_path(SHIPMENT + "$", shipment.shipment_page, name="shipment_page"),
]
