from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InventoryConfig(AppConfig):
    name = "inventory"
    verbose_name = _("Stock")

    def ready(self) -> None:
        import inventory.checks  # noqa: F401 - the checks register themselves
        from inventory import resources
        from inventory.selectors import invariants
        from inventory.selectors.product_list import find_products, product_links
        from oms.core.imports import register_importer
        from oms.core.invariants import register_invariant
        from oms.core.links import register_links
        from oms.core.search import register_search

        for name, sql, explain in invariants.ALL:
            register_invariant(name, sql, explain)
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
