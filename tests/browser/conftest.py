"""A real Chromium on the running site. A page fails its test when the console or the policy complains."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

from oms.core.models import User

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
AXE_BEGINS, AXE_ENDS = (
    "axe begins",
    "axe ends",
)  # it sets inline styles itself, which the policy reports
PICTURES = os.environ.get("OMS_PICTURES")


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    # Playwright's event loop lives in this thread, and Django would take it for async code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, live_server: LiveServer) -> Iterator[OpenPage]:
    """`open_page("/admin/", user=..., width=360, scheme="dark", scripts=True)` gives a loaded page."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []
    measuring = False

    def listen(message: ConsoleMessage) -> None:
        nonlocal measuring
        if message.text in {AXE_BEGINS, AXE_ENDS}:
            measuring = message.text == AXE_BEGINS
        elif message.type in {"error", "warning"} and not measuring:
            complaints.append(message.text)

    def open_page(
        path: str,
        *,
        user: User | None = None,
        width: int = 1360,
        scheme: Any = "light",
        scripts: bool = True,
    ) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 900 if width > 700 else 740},
            color_scheme=scheme,
            java_script_enabled=scripts,
            base_url=live_server.url,
        )
        contexts.append(context)
        if user is not None:
            sign_in(context, user, live_server.url)
        page = context.new_page()
        page.on("console", listen)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def sign_in(context: BrowserContext, user: User, url: str) -> None:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    context.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": url}]
    )


@pytest.fixture
def desk(transactional_db: None) -> User:
    """Somebody who may do everything: what is tested here is the surface."""
    return User.objects.create_superuser("desk", password="a password for tests")


@pytest.fixture
def gallery(settings: LazySettings) -> str:
    settings.DEMO = True
    return "/admin/design/"


@pytest.fixture
def axe() -> Callable[[Page], list[str]]:
    """`axe(page)` lists what axe-core finds, one line per rule and element; empty is good."""
    return axe_findings


def axe_findings(page: Page, scope: str = "document") -> list[str]:
    page.evaluate("text => console.debug(text)", AXE_BEGINS)
    page.evaluate(AXE.read_text())
    found = page.evaluate(f"axe.run({scope}, {json.dumps({'resultTypes': ['violations']})})")
    page.wait_for_timeout(
        200
    )  # the browser's complaints of what axe itself did come a little later
    page.evaluate("text => console.debug(text)", AXE_ENDS)
    return [
        f"{rule['id']}: {node['html'][:120]}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    width: int = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return width


def take_picture(page: Page, name: str) -> None:
    """Keep a picture in the folder that OMS_PICTURES names; without it, do nothing."""
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)
