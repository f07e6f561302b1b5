from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InventoryConfig(AppConfig):
    name = "inventory"
    verbose_name = _("Stock")

    def ready(self) -> None:
        from inventory import checks, panels  # noqa: F401 - the checks register themselves
        from inventory.selectors import invariants
        from inventory.selectors.product_list import find_products, product_links
        from oms.core.invariants import register_invariant
        from oms.core.links import register_links
        from oms.core.panels import Panel, register_panel
        from oms.core.search import register_search

        for name, sql, explain in invariants.ALL:
            register_invariant(name, sql, explain)
        register_search("products", find_products)
        register_links("product", product_links)
        register_panel(
            "start",
            Panel(
                "stock",
                "",
                panels.start_tiles,
                "inventory.view_stocklevel",
                weight=30,
                place="tiles",
            ),
        )
