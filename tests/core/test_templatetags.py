from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.contrib.messages import constants
from django.contrib.messages.storage.base import Message
from django.db.models import CharField
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import timezone, translation

from oms.core.statuses import STATUS_TONES
from oms.core.templatetags.oms import format_money

OWN_APPS = {"core", "inventory", "orders", "fulfillment", "returns", "channels", "reports"}
OWN_WORDS = {
    "core.Message.state",
    "core.Paper.state",
    "fulfillment.Parcel.status",
    "inventory.StockAdjustment.status",
}
NOW = datetime(2026, 11, 24, 14, 2, tzinfo=UTC)
MINUS = "\N{MINUS SIGN}"


def draw(source: str, path: str = "/", **context: Any) -> str:
    request = RequestFactory().get(path)
    return Template("{% load oms %}" + source).render(Context({"request": request, **context}))


def status_fields(but: Collection[str] = ()) -> list[Any]:
    return [
        pytest.param(field, id=f"{model._meta.label}.{field.name}")
        for model in apps.get_models()
        if model._meta.app_label in OWN_APPS
        for field in model._meta.get_fields()
        if isinstance(field, CharField)
        and field.choices
        and str(field) not in but
        and (field.name.endswith(("status", "state")) or model.__name__ == "StockMovement")
    ]


@pytest.mark.parametrize("field", status_fields())
def test_every_status_has_a_look(field: Any) -> None:
    values = {str(value) for value, _label in field.flatchoices if value}

    assert values - set(STATUS_TONES) == set()


@pytest.mark.parametrize("field", status_fields(but=OWN_WORDS))
def test_a_look_repeats_the_word_of_the_machine(field: Any) -> None:
    choices = {str(value): str(label) for value, label in field.flatchoices if value}

    assert {value: str(STATUS_TONES[value].label) for value in choices} == choices


def test_a_status_shows_its_word_tone_and_dot() -> None:
    assert draw("{% status_badge 'shipped' %}") == (
        '<span class="tag" data-tone="success">Shipped</span>'
    )


def test_a_status_that_has_not_begun_shows_a_ring_without_a_tone() -> None:
    assert draw("{% status_badge 'draft' %}") == '<span class="tag open">Draft</span>'


def test_a_hold_keeps_its_lock_under_another_word() -> None:
    drawn = draw("{% status_badge 'held' label %}", label="Held: <credit>")

    assert 'data-tone="warning"' in drawn
    assert "sprite.svg#lock" in drawn
    assert "Held: &lt;credit&gt;" in drawn


def test_an_unknown_status_is_shown_in_its_own_word() -> None:
    assert draw("{% status_badge 'half_done' %}") == '<span class="tag">Half done</span>'


def test_no_status_draws_nothing() -> None:
    assert draw("{% status_badge '' %}|{% status_badge None %}") == "|"


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        ("1234.5", "EUR", "€1,234.50"),
        ("-5", "USD", f"{MINUS}$5.00"),
        ("0", "GBP", "£0.00"),
        ("1234", "JPY", "¥1,234"),
        ("1.5", "KWD", "KWD\N{NO-BREAK SPACE}1.500"),
        ("20", "CHF", "CHF\N{NO-BREAK SPACE}20.00"),
        ("12345678901.23", "EUR", "€12,345,678,901.23"),
    ],
)
def test_money_stands_at_the_places_of_its_currency(amount: str, currency: str, shown: str) -> None:
    assert draw("{% money a c %}", a=Decimal(amount), c=currency) == shown


def test_money_follows_the_language_of_the_reader() -> None:
    with translation.override("de"):
        assert draw("{% money a 'EUR' %}", a=Decimal("1234.5")) == "1.234,50\N{NO-BREAK SPACE}€"


def test_money_refuses_a_float() -> None:
    with pytest.raises(TypeError, match="Decimal, not float"):
        format_money(0.1, "EUR")  # type: ignore[arg-type]


def test_no_money_is_a_dash() -> None:
    assert draw("{% money None 'EUR' %}") == "–"


@pytest.mark.parametrize(
    ("amount", "shown"),
    [("14.9000", "€14.90"), ("0.0125", "€0.0125"), ("2.5", "€2.50"), ("100.0000", "€100.00")],
)
def test_a_price_shows_four_places_only_where_it_has_them(amount: str, shown: str) -> None:
    assert draw("{% price a 'EUR' %}", a=Decimal(amount)) == shown


def test_quantities_are_grouped_zeros_muted_and_changes_signed() -> None:
    assert draw("{% qty 1420 %}") == "1,420"
    assert draw("{% qty 0 %}") == '<span class="zero">0</span>'
    assert draw("{% qty None %}") == '<span class="zero">–</span>'
    assert draw("{% qty 3 signed=True %}") == '<b class="up">+3</b>'
    assert draw("{% qty n signed=True %}", n=-12) == f"{MINUS}12"


def test_a_hundred_percent_means_all() -> None:
    assert draw("{% percent 999 1000 %} {% percent 5 5 %} {% percent 0 0 %}") == "99% 100% –"


def test_a_bar_stacks_its_parts_and_says_them() -> None:
    drawn = draw("{% stacked_bar 180 done=96 working=60 waiting=24 %}")

    assert '<rect class="a" x="0.0" width="53.3" height="8">' in drawn
    assert '<rect class="b" x="53.3" width="33.3" height="8">' in drawn
    assert '<rect class="w" x="86.6" width="13.3" height="8">' in drawn
    assert 'aria-label="96 of 180, 60 in work, 24 waiting"' in drawn
    assert "style" not in drawn


def test_a_bar_of_nothing_is_empty() -> None:
    assert "<rect" not in draw("{% stacked_bar 0 %}")


def test_a_moment_is_shown_in_the_zone_of_the_reader() -> None:
    with timezone.override("Europe/Berlin"):
        drawn = draw("{% datetime_local at %}", at=NOW)

    assert drawn == '<time datetime="2026-11-24T15:02:00+01:00">2026-11-24 15:02</time>'


def test_a_day_is_shown_as_a_day() -> None:
    drawn = draw("{% datetime_local day %}", day=date(2026, 11, 24))

    assert drawn == '<time datetime="2026-11-24">2026-11-24</time>'


@pytest.mark.parametrize(
    ("behind", "shown"),
    [
        (timedelta(minutes=5), '<span class="late">5 min late</span>'),
        (timedelta(hours=6), '<span class="late">6 h late</span>'),
        (timedelta(days=2, hours=3), '<span class="late">2 d late</span>'),
        (timedelta(hours=-2), '<span class="soon">Today 16:02</span>'),
        (timedelta(days=-2), "2026-11-26 14:02"),
    ],
)
def test_a_deadline_says_how_late_it_is(behind: timedelta, shown: str) -> None:
    with timezone.override("UTC"):
        assert draw("{% due at now %}", at=NOW - behind, now=NOW) == shown


def test_one_filter_value_is_taken_out_and_paging_starts_anew() -> None:
    path = "/?channel=edi&channel=web&after=x&q=knife"

    assert draw("{% without 'channel' 'edi' %}", path) == "?channel=web&amp;q=knife"
    assert draw("{% without 'channel' %}", path) == "?q=knife"


def test_a_column_head_sorts_and_then_turns_around() -> None:
    first = draw("{% sort_head 'Total' 'total' 'placed' num=True %}", "/?after=x")
    again = draw("{% sort_head 'Total' 'total' 'total' %}")

    assert 'href="?sort=total"' in first
    assert "aria-sort" not in first
    assert 'href="?sort=-total"' in again
    assert 'aria-sort="ascending"' in again


def test_a_panel_wraps_its_body_and_names_itself() -> None:
    drawn = draw("{% panel 'Order lines' flush=True %}<table></table>{% endpanel %}")

    assert '<section class="card" aria-labelledby="h-order-lines">' in drawn
    assert '<h2 id="h-order-lines">Order lines</h2>' in drawn
    assert "<table></table>" in drawn


def test_a_component_sees_nothing_of_the_page_around_it() -> None:
    drawn = draw("{% component 'note' text='Hello' %}", lead="Leaked", url="/leaked/")

    assert "Hello" in drawn
    assert "eaked" not in drawn


def test_a_button_that_cannot_be_used_says_why() -> None:
    drawn = draw("{% component 'button' label='Ship' reason='Nothing is packed.' %}")

    assert 'aria-disabled="true"' in drawn
    assert "Nothing is packed." in drawn


def test_a_button_that_changes_something_posts_with_the_token() -> None:
    drawn = draw("{% component 'button' label='Route' post='/route/' %}", csrf_token="secret")

    assert '<form class="" method="post" action="/route/">' in drawn
    assert 'value="secret"' in drawn


def test_good_news_becomes_a_toast_and_problems_stay_on_the_page() -> None:
    messages = [
        Message(constants.SUCCESS, "Released", extra_tags="undo:/undo/"),
        Message(constants.ERROR, "Refused"),
    ]

    toasts = draw("{% include 'components/toasts.html' %}", messages=messages, csrf_token="x")
    notes = draw("{% include 'components/messages.html' %}", messages=messages)

    assert "Released" in toasts
    assert 'action="/undo/"' in toasts
    assert "Refused" not in toasts
    assert "Refused" in notes
    assert 'role="alert"' in notes
    assert "Released" not in notes
