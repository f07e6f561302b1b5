"""What the side bar offers, as data. Pure: permission and URL come from the caller."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


@dataclass(frozen=True, slots=True)
class NavItem:
    """One place. The first URL name that exists is linked; none exists: the place is not built in.

    Without a permission everybody who may sign in sees it.
    """

    label: Text
    url_names: tuple[str, ...]
    icon: str
    permission: str
    section: Text
    module: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class NavLink:
    label: Text
    url: str
    icon: str
    key: str
    current: bool
    count: str = ""
    hot: bool = False


@dataclass(frozen=True, slots=True)
class NavSection:
    label: Text
    items: tuple[NavLink, ...]


DAILY: Final = ""
STOCK: Final = _("Stock")
SHIPPING: Final = _("Shipping")
TRADE: Final = _("Trade")
SYSTEM: Final = _("System")


def _page(app: str, model: str) -> tuple[str, ...]:
    return (f"{app}:{model}_list", f"admin:{model}_list", f"admin:{app}_{model}_changelist")


ITEMS: Final[tuple[NavItem, ...]] = (
    NavItem(_("Start"), ("core:start", "admin:start", "admin:index"), "home", "", DAILY, "core"),
    NavItem(
        _("Orders"), _page("orders", "order"), "inbox", "orders.view_order", DAILY, "orders", "o"
    ),
    NavItem(
        _("Quotes"), _page("orders", "quote"), "file", "orders.view_quote", DAILY, "orders", "q"
    ),
    NavItem(
        _("Exceptions"),
        ("core:exceptions", "admin:exceptions", "admin:core_case_changelist"),
        "alert",
        "core.view_case",
        DAILY,
        "core",
        "e",
    ),
    NavItem(
        _("Shipments"),
        _page("fulfillment", "shipment"),
        "truck",
        "fulfillment.view_shipment",
        DAILY,
        "fulfillment",
        "h",
    ),
    NavItem(
        _("Promises"),
        ("fulfillment:promise_list",),
        "clock",
        "fulfillment.view_linepromise",
        DAILY,
        "fulfillment",
        "p",
    ),
    NavItem(
        _("Returns"),
        _page("returns", "return"),
        "undo",
        "returns.view_return",
        DAILY,
        "returns",
        "t",
    ),
    NavItem(
        _("Products"),
        _page("inventory", "product"),
        "box",
        "inventory.view_product",
        STOCK,
        "inventory",
        "s",
    ),
    NavItem(
        _("Low stock"),
        ("inventory:low_stock",),
        "down",
        "inventory.view_reorderrule",
        STOCK,
        "inventory",
    ),
    NavItem(
        _("Purchase orders"),
        _page("inventory", "purchaseorder"),
        "cart",
        "inventory.view_purchaseorder",
        STOCK,
        "inventory",
    ),
    NavItem(
        _("Suppliers"),
        _page("inventory", "supplier"),
        "building",
        "inventory.view_supplier",
        STOCK,
        "inventory",
    ),
    NavItem(
        _("Transfers"),
        _page("inventory", "transfer"),
        "swap",
        "inventory.view_transfer",
        STOCK,
        "inventory",
    ),
    NavItem(
        _("Counts"),
        _page("inventory", "stockcount"),
        "count",
        "inventory.view_stockcount",
        STOCK,
        "inventory",
    ),
    NavItem(
        _("Adjustments"),
        _page("inventory", "stockadjustment"),
        "edit",
        "inventory.view_stockadjustment",
        STOCK,
        "inventory",
    ),
    NavItem(
        _("Warehouses"),
        _page("inventory", "warehouse"),
        "layers",
        "inventory.view_warehouse",
        STOCK,
        "inventory",
    ),
    NavItem(
        _("Carriers"),
        ("fulfillment:rates",),
        "truck",
        "fulfillment.view_carrierservice",
        SHIPPING,
        "fulfillment",
    ),
    NavItem(
        _("Routing rules"),
        _page("fulfillment", "ruleset"),
        "route",
        "fulfillment.view_ruleset",
        SHIPPING,
        "fulfillment",
    ),
    NavItem(
        _("Reliability"),
        ("fulfillment:reliability",),
        "chart",
        "fulfillment.view_rejection",
        SHIPPING,
        "fulfillment",
    ),
    NavItem(
        _("Customers"),
        _page("orders", "customer"),
        "building",
        "orders.view_customer",
        TRADE,
        "orders",
        "c",
    ),
    NavItem(
        _("Channels"),
        ("channels:health", "admin:channel_health", *_page("orders", "saleschannel")),
        "plug",
        "orders.view_saleschannel",
        TRADE,
        "channels",
    ),
    NavItem(
        _("Reports"),
        ("reports:report_list", "admin:report_list"),
        "grid",
        "reports.view_dashboard",
        TRADE,
        "reports",
        "r",
    ),
    NavItem(
        _("Import and export"),
        ("admin:imports",),
        "upload",
        "core.view_importbatch",
        SYSTEM,
        "core",
    ),
    NavItem(_("Users"), _page("core", "user"), "users", "core.view_user", SYSTEM, "core"),
    NavItem(
        _("Permissions"), ("admin:permission_matrix",), "lock", "core.view_user", SYSTEM, "core"
    ),
    NavItem(
        _("All records"),
        ("core:records", "admin:records"),
        "gear",
        "core.view_user",
        SYSTEM,
        "core",
    ),
)


def visible_sections(
    items: Iterable[NavItem],
    *,
    is_permitted: Callable[[str], bool],
    url_of: Callable[[str], str | None],
    path: str,
) -> tuple[NavSection, ...]:
    """The sections that this person sees; the place with the longest matching URL is the current one."""
    shown: list[tuple[NavItem, str]] = []
    for item in items:
        url = next(filter(None, map(url_of, item.url_names)), None)
        if url and (not item.permission or is_permitted(item.permission)):
            shown.append((item, url))
    current = max((url for item, url in shown if _covers(item, url, path)), key=len, default="")
    labels = dict.fromkeys(item.section for item, _url in shown)
    return tuple(
        NavSection(
            label,
            tuple(
                NavLink(item.label, url, item.icon, item.key, url == current)
                for item, url in shown
                if item.section == label
            ),
        )
        for label in labels
    )


def _covers(item: NavItem, url: str, path: str) -> bool:
    """Whether the path lies below that place; the start page covers itself alone."""
    return path == url if not item.permission else path.startswith(url)
