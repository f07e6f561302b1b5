"""Tags of the design system. `docs/design-system.md` shows an example of each."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import template
from django.contrib.messages import constants
from django.contrib.messages.storage.base import Message
from django.forms import BaseForm, BoundField, CheckboxInput
from django.http import QueryDict
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from oms.core import idempotency
from oms.core.links import page_of_number
from oms.core.money import exponent
from oms.core.statuses import look_of

register = template.Library()

MINUS = "\N{MINUS SIGN}"
NO_BREAK = "\N{NO-BREAK SPACE}"
_SYMBOLS = {
    "EUR": "€",
    "GBP": "£",
    "USD": "$",
    "JPY": "¥",
    "CNY": "CN¥",
    "INR": "₹",
    "KRW": "₩",
    "AUD": "A$",
    "CAD": "CA$",
    "NZD": "NZ$",
}
_SYMBOL_FIRST = frozenset({"en", "ja", "zh", "ko", "hi", "he", "nl"})
_TONE_ICONS = {"success": "check", "warning": "alert", "danger": "alert", "info": "info"}
_PRICE_PLACES = 4

HTMX_CONFIG = json.dumps(
    {
        "allowEval": False,
        "includeIndicatorStyles": False,
        "selfRequestsOnly": True,
        "historyCacheSize": 0,
        "responseHandling": [
            {"code": "204", "swap": False},
            {"code": "[23]..", "swap": True},
            {"code": "409", "swap": True, "error": True},
            {"code": "422", "swap": True},
            {"code": "[45]..", "swap": False, "error": True},
        ],
    }
)


# --- Status ---------------------------------------------------------------------------------------
@register.simple_tag
def status_badge(
    value: object, label: object = None, tone: str | None = None, mark: str | None = None
) -> SafeString:
    """`{% status_badge order.status %}`; label, tone and mark override the registered ones."""
    if value in {None, ""}:
        return mark_safe("")
    look = look_of(str(getattr(value, "value", value)))
    mark = look.mark if mark is None else mark
    tone = look.tone if tone is None else tone
    return format_html(
        '<span class="tag{}"{}>{}{}</span>',
        {"ring": " open", "none": " plain"}.get(mark, ""),
        format_html(' data-tone="{}"', tone) if tone else "",
        "" if mark in {"dot", "ring", "none"} else icon(mark),
        look.label if label is None else label,
    )


@register.simple_tag(name="icon")
def icon(name: str, **attributes: str) -> SafeString:
    """`{% icon "truck" %}`, decorative; `label="Truck"` where it stands alone; names: icons/sprite.svg."""
    label = attributes.get("label")
    return format_html(
        '<svg class="i{}"{}><use href="{}#{}"></use></svg>',
        f" {attributes['class']}" if "class" in attributes else "",
        format_html(' role="img" aria-label="{}"', label)
        if label
        else mark_safe(' aria-hidden="true"'),
        static("icons/sprite.svg"),
        name,
    )


@register.filter
def tone_icon(tone: str | None) -> str:
    return _TONE_ICONS.get(tone or "success", "info")


# --- Numbers --------------------------------------------------------------------------------------
def format_money(amount: Decimal, currency: str, places: int | None = None) -> str:
    """An amount as the reader's language writes it: €1,234.50, 1.234,50 €, CHF 20.00.

    :raises TypeError: for a float, which has lost its cents already.
    """
    if not isinstance(amount, Decimal):
        raise TypeError(f"Money is Decimal, not {type(amount).__name__}.")
    places = exponent(currency) if places is None else places
    digits = number_format(abs(amount), decimal_pos=places, use_l10n=True, force_grouping=True)
    sign = MINUS if amount < 0 else ""
    symbol = _SYMBOLS.get(currency)
    if (get_language() or "en").split("-")[0] not in _SYMBOL_FIRST:
        return f"{sign}{digits}{NO_BREAK}{symbol or currency}"
    return f"{sign}{symbol}{digits}" if symbol else f"{sign}{currency}{NO_BREAK}{digits}"


@register.simple_tag
def money(amount: Decimal | int | None, currency: str) -> str:
    """`{% money order.total order.currency %}` at the currency's places; a dash for nothing."""
    return "–" if amount is None else format_money(Decimal(amount), currency)


@register.simple_tag
def price(amount: Decimal | None, currency: str) -> str:
    """`{% price line.unit_price order.currency %}`: up to four places, no needless zeros."""
    if amount is None:
        return "–"
    finest = -int(amount.normalize().as_tuple().exponent)
    places = min(max(finest, exponent(currency)), _PRICE_PLACES)
    return format_money(amount, currency, places)


@register.simple_tag
def qty(value: int | None, unit: str = "", *, signed: bool = False) -> SafeString:
    """`{% qty line.shipped %}`: grouped digits, a muted zero, a dash for nothing; signed: with a plus sign."""
    if value is None:
        return mark_safe('<span class="zero">–</span>')
    digits = number_format(abs(value), decimal_pos=0, use_l10n=True, force_grouping=True)
    if not value:
        return format_html('<span class="zero">{}</span>', digits)
    sign = MINUS if value < 0 else "+" if signed else ""
    text = f"{sign}{digits}{NO_BREAK}{unit}" if unit else f"{sign}{digits}"
    return (
        format_html('<b class="up">{}</b>', text)
        if signed and value > 0
        else format_html("{}", text)
    )


@register.simple_tag
def percent(part: int, whole: int) -> str:
    """Whole percent, rounded down, so that 100% means all."""
    return f"{part * 100 // whole}%" if whole else "–"


@register.simple_tag
def stacked_bar(
    total: int, done: int = 0, working: int = 0, waiting: int = 0, label: str = "", text: str = ""
) -> SafeString:
    """`{% stacked_bar line.ordered done=line.shipped working=line.allocated waiting=line.backordered %}`.

    `label` is the sentence for readers, `text` stands beside the bar ("shipped", "91%").
    """
    parts: list[tuple[str, str, str]] = []
    start = 0
    for name, part in (("a", done), ("b", working), ("w", waiting)):
        if total and part:
            parts.append((name, _tenths(start, total), _tenths(part, total)))
        start += part
    if not label:
        label = _("%(done)s of %(total)s, %(working)s in work, %(waiting)s waiting") % {
            "done": done,
            "total": total,
            "working": working,
            "waiting": waiting,
        }
    svg = format_html(
        '<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>',
        label,
        format_html_join("", '<rect class="{}" x="{}" width="{}" height="8"></rect>', parts),
    )
    return format_html('<div class="meter">{}<span>{}</span></div>', svg, text) if text else svg


def _tenths(part: int, total: int) -> str:
    tenths = part * 1000 // total
    return f"{tenths // 10}.{tenths % 10}"


# --- Time -----------------------------------------------------------------------------------------
@register.simple_tag
def datetime_local(value: datetime | date | None, *, seconds: bool = False) -> SafeString:
    """`<time>` in the reader's time zone, as 2026-11-24 14:02; a date alone as 2026-11-24."""
    if value is None:
        return mark_safe('<span class="zero">–</span>')
    if not isinstance(value, datetime):
        return format_html('<time datetime="{0}">{0}</time>', value.isoformat())
    local = timezone.localtime(value)
    shown = local.strftime("%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M")
    return format_html('<time datetime="{}">{}</time>', local.isoformat(timespec="seconds"), shown)


@register.simple_tag
def due(moment: datetime | None, now: datetime) -> SafeString:
    """When it must leave: red when late, amber today, plain later. `now` comes from the view."""
    if moment is None:
        return mark_safe('<span class="zero">–</span>')
    local, today = timezone.localtime(moment), timezone.localtime(now)
    if moment < now:
        behind = now - moment
        late = (
            _("%d d late") % behind.days
            if behind.days
            else _("%d h late") % (behind.seconds // 3600)
            if behind.seconds >= 3600
            else _("%d min late") % (behind.seconds // 60)
        )
        return format_html('<span class="late">{}</span>', late)
    if local.date() == today.date():
        return format_html('<span class="soon">{} {}</span>', _("Today"), f"{local:%H:%M}")
    return format_html("{}", f"{local:%Y-%m-%d %H:%M}")


# --- URLs -----------------------------------------------------------------------------------------
@register.simple_tag(takes_context=True)
def without(context: template.Context, name: str, value: object = None) -> str:
    """The present query string less one filter (or less one value of it), and less the page keys."""
    query: QueryDict = context["request"].GET.copy()
    kept = [] if value is None else [item for item in query.getlist(name) if item != str(value)]
    query.setlist(name, kept)
    for page_key in ("after", "before", "page"):
        query.pop(page_key, None)
    return f"?{query.urlencode()}"


@register.inclusion_tag("components/sort_head.html", takes_context=True)
def sort_head(
    context: template.Context,
    label: str,
    key: str,
    current: str,
    *,
    num: bool = False,
    wide: bool = False,
) -> dict[str, Any]:
    """`<th>` that sorts: `{% sort_head "Total" "total" sort num=True %}`; `sort` is "total" or "-total"."""
    query: QueryDict = context["request"].GET.copy()
    query["sort"] = f"-{key}" if current == key else key
    for page_key in ("after", "before", "page"):
        query.pop(page_key, None)
    direction = {key: "ascending", f"-{key}": "descending"}.get(current, "")
    url = f"?{query.urlencode()}"
    return {"label": label, "url": url, "direction": direction, "num": num, "wide": wide}


# --- Blocks and rows ------------------------------------------------------------------------------
@register.simple_tag(takes_context=True)
def component(context: template.Context, name: str, **parameters: Any) -> SafeString:
    """`{% component "tile" label="Late" value=7 %}`: a component sees its parameters and nothing else."""
    shared = {key: context.get(key) for key in ("request", "csrf_token")}
    return render_to_string(f"components/{name}.html", {**shared, **parameters})


@register.simple_block_tag
def panel(content: str, title: str = "", **options: Any) -> SafeString:
    """`{% panel "Lines" sub="8 lines" flush=True %}…{% endpanel %}`; see components/panel.html."""
    heading_id = f"h-{options.get('id') or slugify(str(title))}"
    context = {"title": title, "body": content, "heading_id": heading_id, **options}
    return render_to_string("components/panel.html", context)


@register.simple_tag
def row_checkbox(value: object, label: str) -> SafeString:
    """The tick box of a row, for the action bar; stands in `<td class="pick">`."""
    return format_html(
        '<input type="checkbox" name="selected" value="{}" form="bulk" aria-label="{}">',
        value,
        _("Select %s") % label,
    )


@register.simple_tag
def document_link(number: str) -> SafeString:
    """`{% document_link "SH-100042" %}`: a link to the page of that number, or the number alone."""
    name = page_of_number(number)
    try:
        return format_html('<a href="{}">{}</a>', reverse(name, args=[number]), number)
    except NoReverseMatch:
        return format_html("{}", number)


@register.simple_tag
def form_key() -> SafeString:
    """The one-time key of a form that posts to a view with `idempotency.once`."""
    return format_html(
        '<input type="hidden" name="{}" value="{}">', idempotency.FIELD, idempotency.new_key()
    )


@register.simple_tag
def key_hint(keys: str) -> SafeString:
    """The key cap beside a label, hidden on phones and from readers."""
    shown = {"mod+enter": "Ctrl ↵", "mod+s": "Ctrl S", "mod+z": "Ctrl Z"}.get(keys, keys)
    return format_html('<kbd class="wide" aria-hidden="true">{}</kbd>', shown)


# --- Messages -------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Notice:
    text: str
    tone: str
    undo_url: str


@register.filter
def problems(messages: Iterable[Message] | None) -> Iterator[Notice]:
    """Warnings and errors among Django's messages."""
    return (_notice(one) for one in _pending(messages) if one.level >= constants.WARNING)


@register.filter
def good_news(messages: Iterable[Message] | None) -> Iterator[Notice]:
    """The other messages. `extra_tags="undo:/path/"` gives a toast its Undo button."""
    return (_notice(one) for one in _pending(messages) if one.level < constants.WARNING)


def _pending(messages: Iterable[Message] | None) -> Iterable[Message]:
    return messages or ()


def _notice(message: Message) -> Notice:
    tones = {constants.ERROR: "danger", constants.WARNING: "warning", constants.SUCCESS: "success"}
    undo = [tag for tag in (message.extra_tags or "").split() if tag.startswith("undo:")]
    url = undo[0].removeprefix("undo:") if undo else ""
    return Notice(str(message.message), tones.get(message.level, "info"), url)


# --- Small filters and shell parts ----------------------------------------------------------------
@register.filter
def words(text: str) -> list[str]:
    return text.split()


@register.filter
def as_words(name: str) -> str:
    """`packing_slip` as people read it."""
    return name.replace("_", " ").capitalize()


@register.filter
def at(items: Sequence[Any], index: int) -> Any:
    return items[index] if index < len(items) else ""


@register.filter
def is_checkbox(field: BoundField) -> bool:
    return isinstance(field.field.widget, CheckboxInput)


@register.filter
def error_count(form: BaseForm) -> int:
    return sum(len(errors) for errors in form.errors.values())


@register.simple_tag
def static_js(name: str) -> str:
    return static(f"js/{name}.js")


@register.simple_tag
def htmx_config() -> str:
    return HTMX_CONFIG
