from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InventoryConfig(AppConfig):
    name = "inventory"
    verbose_name = _("Stock")

    def ready(self) -> None:
        from inventory.selectors import invariants
        from oms.core.invariants import register_invariant

        for name, sql, explain in invariants.ALL:
            register_invariant(name, sql, explain)
