from functools import partial

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InventoryConfig(AppConfig):
    name = "inventory"
    verbose_name = _("Stock")

    def ready(self) -> None:
        import inventory.checks  # noqa: F401 - the checks register themselves
        from inventory import panels, resources
        from inventory.selectors import invariants
        from inventory.selectors.product_list import find_products, product_links
        from oms.core.imports import register_importer
        from oms.core.invariants import register_invariant
        from oms.core.links import Fix, register_fix, register_links
        from oms.core.search import register_search

        for name, sql, explain in invariants.ALL:
            register_invariant(
                name,
                sql,
                explain,
                subject="product" if name in invariants.ABOUT_PRODUCTS else "",
                fix="compensate_stock" if name in invariants.COMPENSATED else "",
            )
        register_fix(
            Fix(
                "compensate_stock",
                _("Compensate"),
                "inventory.approve_adjustment",
                panels.compensate_case,
            )
        )
        _register_stock_work()
        register_search("products", find_products)
        register_links("product", product_links)
        for importer in (
            resources.ProductImporter(),
            resources.StockImporter(),
            resources.SupplierImporter(),
            resources.SupplierPriceImporter(),
            resources.WarehouseImporter(),
            resources.BinImporter(),
            resources.LotImporter(),
        ):
            register_importer(importer)
        _register_purchasing()


def _register_stock_work() -> None:
    """Counts, adjustments and transfers: links, search, papers."""
    from inventory.ports import register_demand_resolver
    from inventory.selectors import adjustments, count_list, transfers
    from inventory.selectors.count_sheet import count_sheet
    from inventory.selectors.transfer_note import transfer_note
    from oms.core.links import register_links, register_number_prefix
    from oms.core.papers import register_paper
    from oms.core.search import register_search

    register_search("counts", count_list.find_counts)
    register_links("stockcount", count_list.count_links)
    register_number_prefix("CN-", "inventory:stockcount_page")
    register_search("adjustments", adjustments.find_adjustments)
    register_links("stockadjustment", adjustments.adjustment_links)
    register_number_prefix("AD-", "inventory:stockadjustment_page")
    register_search("transfers", transfers.find_transfers)
    register_links("transfer", transfers.transfer_links)
    register_number_prefix("TR-", "inventory:transfer_page")
    register_demand_resolver("transfer_line", transfers.demand_links)
    register_paper("transfer_note", transfer_note, permission="inventory.view_transfer")
    register_paper("count_sheet", count_sheet, permission="inventory.view_stockcount")


def _register_purchasing() -> None:
    from inventory import events, handlers, notifications, panels
    from inventory.selectors.purchase_list import find_purchase_orders, purchase_order_links
    from inventory.selectors.purchase_paper import purchase_order_paper
    from oms.core.events import subscribe
    from oms.core.links import Fix, register_fix, register_links, register_number_prefix
    from oms.core.panels import Panel, register_panel
    from oms.core.papers import register_paper
    from oms.core.search import register_search

    register_search("purchase_orders", find_purchase_orders)
    register_links("purchaseorder", purchase_order_links)
    register_number_prefix("PO-", "inventory:purchaseorder_page")
    register_number_prefix("RC-", "inventory:receipt_page")
    register_paper(
        "purchase_order", purchase_order_paper, permission="inventory.change_purchaseorder"
    )
    register_fix(
        Fix("reorder", _("Draft an order"), "inventory.add_purchaseorder", panels.reorder_case)
    )
    tile = Panel("low_stock", "", panels.start_tiles, "inventory.view_reorderrule", 30, "tiles")
    register_panel("start", tile)
    mail = partial(subscribe, queue="messages", batch=500)
    subscribe(
        events.PurchaseOrderSent,
        notifications.mail_purchase_orders,
        name="inventory.purchase_order_mail",
        queue="documents",
        batch=50,
    )
    mail(events.LowStockReached, notifications.tell_low_stock, name="inventory.low_stock_mail")
    mail(events.StockRanOut, notifications.tell_stock_outs, name="inventory.stock_out_mail")
    look, batch = handlers.look_at_levels, 50
    subscribe(events.StockArrived, look, name="inventory.alerts_arrived", batch=batch)
    subscribe(events.IncomingChanged, look, name="inventory.alerts_incoming", batch=batch)
