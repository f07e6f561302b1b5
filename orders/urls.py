"""The staff pages of orders, inside ``/admin/`` and ahead of the generated ones."""

from django.urls import path, re_path

from orders.views import customer, order, order_actions, papers

app_name = "orders"

ORDER = r"^orders/order/(?P<number>[A-Z]{1,6}-[0-9]{1,20})/"

urlpatterns = [
    path("orders/order/", order.order_list, name="order_list"),
    re_path(ORDER + "$", order.order_page, name="order_page"),
    re_path(ORDER + "place/$", order_actions.place, name="order_place"),
    re_path(ORDER + "hold/$", order_actions.hold, name="order_hold"),
    re_path(ORDER + "lift/(?P<hold_id>[0-9]{1,18})/$", order_actions.lift, name="order_lift"),
    re_path(ORDER + "tags/$", order_actions.tag, name="order_tags"),
    re_path(ORDER + "cancel/$", order_actions.cancel_order, name="order_cancel"),
    re_path(ORDER + "cancel-units/$", order_actions.cancel_units, name="order_cancel_units"),
    re_path(ORDER + "pay/$", order_actions.pay, name="order_pay"),
    re_path(ORDER + "papers/(?P<paper_id>[0-9]{1,18})/$", papers.download, name="order_paper"),
    re_path(
        ORDER + "papers/(?P<paper_id>[0-9]{1,18})/print/$", papers.print_again, name="order_print"
    ),
    path("orders/customer/", customer.customer_list, name="customer_list"),
    re_path(
        r"^orders/customer/(?P<number>[A-Z]{1,6}-[0-9]{1,20})/$",
        customer.customer_page,
        name="customer_page",
    ),
]
