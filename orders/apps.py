from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OrdersConfig(AppConfig):
    name = "orders"
    verbose_name = _("Orders")

    def ready(self) -> None:
        from inventory.ports import register_demand_resolver
        from oms.core.events import subscribe
        from oms.core.links import register_links, register_number_prefix
        from oms.core.panels import Panel, register_panel
        from oms.core.papers import register_paper
        from oms.core.search import register_search
        from orders import panels
        from orders.events import InvoiceIssued, OrderPlaced
        from orders.handlers import request_invoice_papers
        from orders.notifications import confirm_orders
        from orders.selectors.invoice_paper import invoice_paper
        from orders.selectors.search import find_customers, find_orders

        register_search("orders", find_orders)
        register_search("customers", find_customers)
        register_links("order", panels.order_links)
        register_links("order_line", panels.order_line_links)
        register_links("customer", panels.customer_links)
        register_links("invoice", panels.invoice_links)
        register_number_prefix("SO-", "orders:order_page")
        register_number_prefix("C-", "orders:customer_page")
        register_demand_resolver("order_line", panels.demand_links)
        register_panel(
            "start",
            Panel("orders", "", panels.start_tiles, "orders.view_order", weight=10, place="tiles"),
        )
        register_panel(
            "start",
            Panel(
                "newest orders",
                "orders/_newest_orders.html",
                panels.newest_orders,
                "orders.view_order",
                weight=60,
            ),
        )
        _register_invariants()
        for kind in ("invoice", "credit_note"):
            register_paper(kind, invoice_paper, permission="orders.view_invoice")
        subscribe(
            OrderPlaced, confirm_orders, name="orders.confirmation", queue="messages", batch=50
        )
        subscribe(
            InvoiceIssued,
            request_invoice_papers,
            name="orders.invoice_paper",
            queue="documents",
            batch=50,
        )


def _register_invariants() -> None:
    """What must be true of orders, and what can be done where it is not."""
    from oms.core.invariants import register_invariant
    from oms.core.links import Fix, register_fix
    from orders import panels
    from orders.selectors.invariants import INVARIANTS
    from orders.services.compensation import COMPENSATED

    for name, sql, explain in INVARIANTS:
        about_claims = name in COMPENSATED
        register_invariant(
            name,
            sql,
            explain,
            subject="order_line" if about_claims else "",
            fix="compensate_claims" if about_claims else "",
        )
    register_fix(
        Fix(
            "compensate_claims",
            _("Compensate"),
            "inventory.approve_adjustment",
            panels.compensate_claims_case,
        )
    )
