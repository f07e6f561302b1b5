"""The shell and the components in a real browser: light and dark, wide and narrow, keys, no scripts."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from oms.core.models import User
from tests.browser.conftest import OpenPage, overflow, take_picture

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1360, 768, 360])
def test_the_gallery_has_no_accessibility_fault(
    open_page: OpenPage,
    desk: User,
    gallery: str,
    axe: Callable[[Page], list[str]],
    width: int,
    scheme: str,
) -> None:
    page = open_page(gallery, user=desk, width=width, scheme=scheme)

    take_picture(page, f"design_{width}_{scheme}")

    assert axe(page) == []


@pytest.mark.parametrize("width", [320, 360, 768, 1024, 1360])
def test_no_width_scrolls_sideways(
    open_page: OpenPage, desk: User, gallery: str, width: int
) -> None:
    page = open_page(gallery, user=desk, width=width)

    assert overflow(page) <= 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_sign_in_and_generated_pages_have_no_accessibility_fault_of_ours(
    open_page: OpenPage, desk: User, axe: Callable[[Page], list[str]], scheme: str
) -> None:
    assert axe(open_page("/admin/login/", scheme=scheme)) == []
    assert axe(open_page("/admin/password_change/", user=desk, scheme=scheme)) == []


@pytest.mark.parametrize("path", ["/admin/records/", "/admin/inventory/product/add/"])
def test_generated_pages_fit_a_phone(open_page: OpenPage, desk: User, path: str) -> None:
    page = open_page(path, user=desk, width=360)

    assert overflow(page) <= 0


def test_signing_in_leads_to_the_start_page(open_page: OpenPage, desk: User) -> None:
    page = open_page("/admin/login/?next=/admin/password_change/")

    page.get_by_label("Username").fill(desk.username)
    page.get_by_label("Password").fill("a password for tests")
    page.get_by_role("button", name="Sign in").click()

    page.wait_for_url("**/admin/password_change/")


def test_a_question_mark_opens_the_shortcuts_and_escape_closes_them(
    open_page: OpenPage, desk: User, gallery: str
) -> None:
    page = open_page(gallery, user=desk)
    shortcuts = page.locator("#shortcuts")

    page.keyboard.press("?")
    expect(shortcuts).to_be_visible()
    page.keyboard.press("Escape")

    expect(shortcuts).to_be_hidden()


def test_letters_are_letters_inside_a_field(open_page: OpenPage, desk: User, gallery: str) -> None:
    page = open_page(gallery, user=desk)
    field = page.locator("#q-list")

    page.keyboard.press("f")
    expect(field).to_be_focused()
    page.keyboard.type("jkx?gn")

    expect(field).to_have_value("jkx?gn")
    expect(page.locator("#shortcuts")).to_be_hidden()


def test_rows_are_walked_and_ticked_by_key(open_page: OpenPage, desk: User, gallery: str) -> None:
    page = open_page(gallery, user=desk)
    bar = page.locator(".bulk")
    expect(bar).to_be_hidden()

    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("x")

    expect(page.get_by_label("Select SO-100469")).to_be_checked()
    expect(bar).to_be_visible()
    expect(bar.locator("[data-count]")).to_have_text("1")
    page.keyboard.press("k")
    expect(page.get_by_role("link", name="SO-100468")).to_be_focused()


def test_single_letters_can_be_switched_off(open_page: OpenPage, desk: User, gallery: str) -> None:
    User.objects.filter(pk=desk.pk).update(single_keys=False)
    page = open_page(gallery, user=desk)

    page.keyboard.press("?")

    expect(page.locator("#shortcuts")).to_be_hidden()


def test_the_theme_is_kept_with_the_user(open_page: OpenPage, desk: User, gallery: str) -> None:
    page = open_page(gallery, user=desk)
    page.locator("summary.who").click()

    with page.expect_response("**/admin/preferences/"):
        page.get_by_role("button", name="Dark", exact=True).click()
    page.reload()

    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert User.objects.get(pk=desk.pk).theme == "dark"


def test_the_theme_changes_without_scripts(open_page: OpenPage, desk: User, gallery: str) -> None:
    page = open_page(gallery, user=desk, scripts=False)

    page.get_by_role("button", name="Theme: like the system").click()

    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    expect(page).to_have_url(f"{page.url.split('/admin')[0]}{gallery}")


def test_the_menu_opens_the_side_bar_on_a_phone(
    open_page: OpenPage, desk: User, gallery: str
) -> None:
    page = open_page(gallery, user=desk, width=360, scripts=False)
    side = page.locator("#nav")
    expect(side).to_be_hidden()

    page.get_by_role("button", name="Menu", exact=True).click()

    expect(side).to_be_visible()


def test_escape_closes_a_menu_and_gives_the_focus_back(
    open_page: OpenPage, desk: User, gallery: str
) -> None:
    page = open_page(gallery, user=desk)
    more = page.locator("summary[aria-label='More actions']")

    more.click()
    expect(page.get_by_role("link", name="Duplicate")).to_be_visible()
    page.keyboard.press("Escape")

    expect(page.get_by_role("link", name="Duplicate")).to_be_hidden()
    expect(more).to_be_focused()


def test_the_skip_link_leads_to_the_main_part(
    open_page: OpenPage, desk: User, gallery: str
) -> None:
    page = open_page(gallery, user=desk)

    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.locator("#main")).to_be_focused()


def test_a_toast_can_be_closed(open_page: OpenPage, desk: User, gallery: str) -> None:
    page = open_page(gallery, user=desk)
    toast = page.locator(".toast")
    expect(toast).to_contain_text("Released 12 shipments")

    toast.get_by_role("button", name="Close").click()

    expect(toast).to_have_count(0)


def test_a_server_answer_can_raise_a_toast(open_page: OpenPage, desk: User, gallery: str) -> None:
    page = open_page(gallery, user=desk)

    page.evaluate("htmx.trigger(document.body, 'toast', {text: 'Saved', tone: 'success'})")

    expect(page.locator(".toast").last).to_have_text("Saved")
