"""Import, export, background jobs and compensation in a real browser, in every look."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.management import call_command
from playwright.sync_api import Page

from inventory.models import StockLevel
from oms.core.import_batches import INLINE_ROWS, receive_file, start_import
from oms.core.models import Job, User
from tests.browser.conftest import OpenPage, overflow, take_picture
from tests.factories import PICKER, add_stock, make_product, make_warehouse

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LOOKS = [(1360, "light"), (1360, "dark"), (360, "light"), (360, "dark")]
IMPORTS = "/admin/imports/"


@pytest.fixture
def world(transactional_db: None) -> dict[str, str]:
    """A file that was looked at, one that was imported, a long one that waits, books that differ."""
    call_command("setup_roles")
    lamp = make_product("LAMP")
    add_stock(make_warehouse("BER"), lamp, 4)
    StockLevel.objects.update(on_hand=3)
    rows = "sku,name,cost\nLAMP,A lamp,12\n,Nobody,1\nVASE,,x\nBULB,Bulb,3,50\n"
    long = "sku,name\n" + "".join(f"P-{n},Product {n}\n" for n in range(INLINE_ROWS + 1))

    def upload(name: str, text: str) -> str:
        batch = receive_file(kind="products", file_name=name, content=text.encode(), actor=PICKER)
        return f"{IMPORTS}{batch.number}/"

    checked, waiting = upload("checked.csv", rows), upload("long.csv", long)
    taken = receive_file(
        kind="products", file_name="new.csv", content=b"sku,name\nCORD,Cord\n", actor=PICKER
    )
    start_import(batch_id=taken.pk, actor=PICKER)
    return {
        "imports": IMPORTS,
        "import_upload": f"{IMPORTS}new/?kind=products",
        "import_checked": checked,
        "import_taken": f"{IMPORTS}{taken.number}/",
        "import_waiting": waiting,
        "jobs": "/admin/jobs/",
        "job": f"/admin/jobs/{Job.objects.get().number}/",
        "compensation": "/admin/inventory/product/LAMP/compensation/",
    }


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_no_page_of_tables_and_jobs_has_an_accessibility_fault_or_scrolls_sideways(
    open_page: OpenPage,
    desk: User,
    world: dict[str, str],
    axe: Callable[[Page], list[str]],
    width: int,
    scheme: str,
) -> None:
    page = open_page(IMPORTS, user=desk, width=width, scheme=scheme)
    faults = {}
    for name, url in world.items():
        page.goto(url)
        take_picture(page, f"{name}_{width}_{scheme}")
        found = axe(page)
        if found or overflow(page) > 0:
            faults[name] = (found, overflow(page))

    assert faults == {}
