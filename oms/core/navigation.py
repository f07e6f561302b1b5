"""What the side bar offers, as data. Pure: permission and URL come from the caller."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


@dataclass(frozen=True, slots=True)
class NavItem:
    """One place. The first URL name that exists is linked; none exists: the place is not built in."""

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
TRADE: Final = _("Trade")
SYSTEM: Final = _("System")


def _page(app: str, model: str) -> tuple[str, ...]:
    return (f"{app}:{model}_list", f"admin:{app}_{model}_list", f"admin:{app}_{model}_changelist")


ITEMS: Final[tuple[NavItem, ...]] = (
    NavItem(
        _("Dashboard"),
        ("reports:dashboard", "admin:reports_dashboard"),
        "chart",
        "reports.view_dashboard",
        DAILY,
        "reports",
        "d",
    ),
    NavItem(
        _("Orders"), _page("orders", "order"), "inbox", "orders.view_order", DAILY, "orders", "o"
    ),
    NavItem(
        _("Quotes"), _page("orders", "quote"), "file", "orders.view_quote", DAILY, "orders", "q"
    ),
    NavItem(
        _("Exceptions"),
        ("admin:exceptions", "admin:core_case_list", "admin:core_case_changelist"),
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
        _("Purchase orders"),
        _page("inventory", "purchaseorder"),
        "cart",
        "inventory.view_purchaseorder",
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
        _("Warehouses"),
        _page("inventory", "warehouse"),
        "layers",
        "inventory.view_warehouse",
        STOCK,
        "inventory",
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
        ("channels:health", *_page("channels", "channel")),
        "plug",
        "channels.view_channel",
        TRADE,
        "channels",
    ),
    NavItem(
        _("Reports"),
        ("reports:report_list", "admin:reports"),
        "grid",
        "reports.view_dashboard",
        TRADE,
        "reports",
        "r",
    ),
    NavItem(_("Users"), _page("core", "user"), "users", "core.view_user", SYSTEM, "core"),
    NavItem(
        _("All records"), ("admin:records", "admin:index"), "gear", "core.view_user", SYSTEM, "core"
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
        if url and is_permitted(item.permission):
            shown.append((item, url))
    current = max((url for _item, url in shown if path.startswith(url)), key=len, default="")
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
