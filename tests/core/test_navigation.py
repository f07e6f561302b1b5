from oms.core.navigation import ITEMS, NavItem, visible_sections

ORDERS = NavItem(
    "Orders", ("orders:list", "admin:orders"), "inbox", "orders.view_order", "", "orders"
)
START = NavItem("Start", ("start",), "home", "", "", "core")
PRODUCTS = NavItem("Products", ("products",), "box", "inventory.view_product", "Stock", "inventory")
URLS = {"admin:orders": "/admin/orders/order/", "start": "/admin/", "products": "/admin/products/"}


def labels(permissions: set[str], path: str = "/admin/") -> list[str]:
    sections = visible_sections(
        [START, ORDERS, PRODUCTS], is_permitted=permissions.__contains__, url_of=URLS.get, path=path
    )
    return [f"{section.label}>{item.label}" for section in sections for item in section.items]


def current(path: str) -> list[str]:
    sections = visible_sections(
        [START, ORDERS, PRODUCTS], is_permitted=lambda _: True, url_of=URLS.get, path=path
    )
    return [str(item.label) for section in sections for item in section.items if item.current]


def test_only_permitted_places_are_shown() -> None:
    assert labels({"orders.view_order"}) == [">Start", ">Orders"]
    assert labels(set()) == [">Start"]


def test_places_stand_in_their_sections() -> None:
    everything = {"orders.view_order", "inventory.view_product"}

    assert labels(everything) == [">Start", ">Orders", "Stock>Products"]


def test_a_place_without_a_page_is_left_out() -> None:
    nowhere = NavItem("Quotes", ("quotes",), "file", "", "", "orders")

    assert visible_sections([nowhere], is_permitted=lambda _: True, url_of=URLS.get, path="/") == ()


def test_the_page_below_a_place_marks_it_as_current() -> None:
    assert current("/admin/orders/order/SO-100042/") == ["Orders"]
    assert current("/admin/") == ["Start"]
    assert current("/admin/core/user/") == []


def test_shortcut_letters_are_given_once() -> None:
    keys = [item.key for item in ITEMS if item.key]

    assert len(keys) == len(set(keys))
