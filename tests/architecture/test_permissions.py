"""Who may come in is written on every view, and people who may not get nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from types import FunctionType
from typing import Any

import pytest
from django.contrib.admin import AdminSite
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from tests.people import browser_of, make_person

SAMPLES = {
    "number": "SO-1",
    "sku": "X",
    "paper_id": "1",
    "hold_id": "1",
    "case_id": "1",
    "delivery_id": "1",
}


def all_patterns(
    resolver: URLResolver | None = None, prefix: str = ""
) -> Iterator[tuple[str, URLPattern]]:
    for each in (resolver or get_resolver()).url_patterns:
        if isinstance(each, URLResolver):
            yield from all_patterns(each, prefix + str(each.pattern))
        else:
            yield prefix + str(each.pattern), each


def is_guarded_by_the_admin(view: Any) -> bool:
    """Django's ``admin_view`` asks its site at every call: the site stands in the wrapper's closure."""
    if hasattr(view, "model_admin") or isinstance(getattr(view, "admin_site", None), AdminSite):
        return True
    return asks_a_site(view, depth=4)


def asks_a_site(view: Any, depth: int) -> bool:
    cells = [cell.cell_contents for cell in getattr(view, "__closure__", None) or ()]
    if any(isinstance(each, AdminSite) for each in cells):
        return True
    return depth > 0 and any(
        asks_a_site(each, depth - 1) for each in cells if isinstance(each, FunctionType)
    )


def is_the_sign_in(path: str) -> bool:
    return path == "admin/login/"


def test_every_url_says_who_may_use_it() -> None:
    unmarked = [
        path
        for path, pattern in all_patterns()
        if not hasattr(pattern.callback, "required_permission")
        and not is_guarded_by_the_admin(pattern.callback)
        and not is_the_sign_in(path)
    ]

    assert unmarked == [], "\n".join(unmarked)


def own_staff_pages() -> list[tuple[str, str]]:
    pages = []
    for _path, pattern in all_patterns():
        permission = getattr(pattern.callback, "required_permission", None)
        if permission is not None:
            pages.append((f"{pattern.callback.__module__}.{pattern.name}", permission))
    return sorted(set(pages))


def test_the_staff_pages_are_known_to_the_matrix() -> None:
    from oms.core.access import matrix

    granted = {name for names in matrix().values() for name in names}

    unknown = [(page, name) for page, name in own_staff_pages() if name and name not in granted]

    assert unknown == []


STAFF_URLS = [
    "/admin/orders/order/",
    "/admin/orders/order/SO-1/",
    "/admin/orders/customer/",
    "/admin/orders/customer/C-1/",
    "/admin/fulfillment/shipment/",
    "/admin/fulfillment/shipment/SH-1/",
    "/admin/inventory/product/",
    "/admin/inventory/product/X/",
    "/admin/inventory/purchaseorder/",
    "/admin/inventory/purchaseorder/new/",
    "/admin/inventory/purchaseorder/PO-1/",
    "/admin/inventory/purchaseorder/PO-1/receive/",
    "/admin/inventory/receipt/RC-1/",
    "/admin/inventory/count/",
    "/admin/inventory/count/add/",
    "/admin/inventory/count/CN-1/",
    "/admin/inventory/adjustment/",
    "/admin/inventory/adjustment/add/",
    "/admin/inventory/adjustment/AD-1/",
    "/admin/inventory/transfer/",
    "/admin/inventory/transfer/add/",
    "/admin/inventory/transfer/balance/",
    "/admin/inventory/transfer/TR-1/",
    "/admin/inventory/transfer/TR-1/receive/",
    "/admin/inventory/low-stock/",
    "/admin/inventory/reorderrule/",
    "/admin/inventory/reorderrule/new/",
    "/admin/inventory/suggestions/",
    "/admin/exceptions/",
    "/admin/system/deliveries/",
    "/admin/imports/",
    "/admin/imports/new/",
    "/admin/imports/IM-1/",
    "/admin/inventory/product/X/compensation/",
]
STAFF_POSTS = [
    *(
        f"/admin/orders/order/SO-1/{name}/"
        for name in (
            "place", "hold", "lift/1", "cancel", "cancel-units", "pay", "papers/1/print",
            "route", "release", "cancel-with-shipments",
        )
    ),
    *(
        f"/admin/fulfillment/shipment/SH-1/{name}/"
        for name in (
            "release", "take-back", "pick", "pack", "ship", "undo-ship", "deliver", "cancel",
            "papers/1/print",
        )
    ),
    *(
        f"/admin/inventory/purchaseorder/PO-1/{name}/"
        for name in (
            "lines", "head", "send", "send-by-hand", "expect", "cancel", "cancel-rest",
            "papers/1/print",
        )
    ),
    *(
        f"/admin/inventory/count/CN-1/{name}/"
        for name in ("record", "scan", "finish", "approve", "recount", "cancel", "sheet")
    ),
    *(f"/admin/inventory/adjustment/AD-1/{name}/" for name in ("approve", "decline", "undo")),
    *(
        f"/admin/inventory/transfer/TR-1/{name}/"
        for name in ("lines", "approve", "reopen", "cancel", "send", "take-back", "note")
    ),
    "/admin/inventory/receipt/RC-1/undo/",
    "/admin/inventory/reorderrule/compute/",
    "/admin/inventory/suggestions/draft/",
    *(f"/admin/imports/IM-1/{name}/" for name in ("import", "undo", "discard")),
    "/admin/exceptions/1/fix/",
    "/admin/exceptions/1/take/",
    "/admin/exceptions/1/close/",
    "/admin/system/deliveries/1/retry/",
]  # fmt: skip


@pytest.mark.django_db
def test_visitors_are_led_to_the_login() -> None:
    client = Client()

    for url in ["/admin/", "/admin/search/", "/admin/records/", *STAFF_URLS]:
        answer = client.get(url)
        assert (url, answer.status_code) == (url, 302)
        assert answer["Location"].startswith("/admin/login/?next=/admin/")


@pytest.mark.django_db
def test_people_without_the_right_get_a_403_from_every_page_and_button() -> None:
    client = browser_of(make_person())

    got = {url: client.get(url).status_code for url in STAFF_URLS}
    got |= {url: client.post(url, {"form_key": "k" * 20}).status_code for url in STAFF_POSTS}

    assert got == dict.fromkeys([*STAFF_URLS, *STAFF_POSTS], 403)


@pytest.mark.django_db
def test_buttons_answer_to_nothing_but_posts() -> None:
    person = make_person("manager")
    client = browser_of(person)

    got = {client.get(url).status_code for url in STAFF_POSTS}

    assert got == {405}
