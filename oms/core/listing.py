"""List pages as data: views, filters and sorts are declared, the URL is the whole state.

Pages are cut by key, not by offset, and nothing counts further than `CAP`: a list of a million rows
costs what a list of fifty does.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.core.exceptions import EmptyResultSet, ValidationError
from django.db import connection, models
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _

CAP = 1000
PAGE_SIZE = 50
_NOT_STATE = {"after", "before"}

Rows = QuerySet[Any]


@dataclass(frozen=True, slots=True)
class View:
    """A named part of a list, shown as a tab with its count; ``hot`` counts call for action."""

    name: str
    label: Any
    narrow: Callable[[Any], Any]
    hot: bool = False
    empty: Any = ""


@dataclass(frozen=True, slots=True)
class Filter:
    """A question of the filter form. ``narrow`` gets the cleaned value, never an empty one."""

    name: str
    make_field: Callable[[], forms.Field]
    narrow: Callable[[Any, Any], Any]


@dataclass(frozen=True, slots=True)
class Sort:
    """An order of the rows: one column of the model, the key breaks ties."""

    name: str
    label: Any
    column: str
    descending: bool = True


@dataclass(frozen=True, slots=True)
class Listing:
    """What one list page offers. The first view and the first sort are the defaults."""

    name: str
    views: tuple[View, ...]
    sorts: tuple[Sort, ...]
    filters: tuple[Filter, ...] = ()
    page_size: int = PAGE_SIZE

    def read(self, params: QueryDict) -> State:
        """The state that a query string describes; what it does not know falls back to the default."""
        views = {each.name: each for each in self.views}
        sorts = {each.name: each for each in self.sorts}
        wanted = params.get("sort", "")
        sort = sorts.get(wanted.removeprefix("-"), self.sorts[0])
        known = sort.name == wanted.removeprefix("-")
        return State(
            params=params,
            view=views.get(params.get("view", ""), self.views[0]),
            sort=sort,
            descending=wanted.startswith("-") if known else sort.descending,
            form=self._form(params),
            filters=(*self.filters, *_more_filters.get(self.name, [])),
            page_size=self.page_size,
        )

    def _form(self, params: QueryDict) -> forms.Form:
        filters = (*self.filters, *_more_filters.get(self.name, []))
        fields: dict[str, Any] = {each.name: each.make_field() for each in filters}
        form_class = type("FilterForm", (forms.Form,), fields)
        form: forms.Form = form_class(params, auto_id="filter-%s", use_required_attribute=False)
        form.is_valid()
        return form


_more_filters: dict[str, list[Filter]] = {}


def register_filter(listing: str, extra: Filter) -> None:
    """Add a filter to a list of an app below; call it in ``ready()``."""
    known = _more_filters.setdefault(listing, [])
    if extra.name not in {each.name for each in known}:
        known.append(extra)


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter in force, with the URL of the page without it."""

    label: str
    remove_url: str


@dataclass(frozen=True, slots=True)
class State:
    """What a list page shows, as its URL says."""

    params: QueryDict
    view: View
    sort: Sort
    descending: bool
    form: forms.Form
    filters: tuple[Filter, ...]
    page_size: int

    @property
    def q(self) -> str:
        return self.params.get("q", "").strip().replace("\0", "")[:128]

    @property
    def fields(self) -> forms.Form | None:
        """The questions behind the button "Filter"."""
        return self.form if self.filters else None

    @property
    def problems(self) -> list[str]:
        """What the URL asks for and the filters do not know."""
        return [
            f"{self.form[name].label}: {error}"
            for name, errors in self.form.errors.items()
            for error in errors
        ]

    @property
    def is_filtered(self) -> bool:
        return bool(self.q or self.chips())

    def narrow(self, rows: Rows) -> Rows:
        """The rows of the view that pass every filter in force."""
        rows = self.view.narrow(rows)
        for each in self.filters:
            if value := self.form.cleaned_data.get(each.name):
                rows = each.narrow(rows, value)
        return rows

    def url(self, **changes: Any) -> str:
        """This page with other parameters; None takes one away. Paging starts anew."""
        params = self.params.copy()
        for name in _NOT_STATE:
            params.pop(name, None)
        for name, value in changes.items():
            params.pop(name, None)
            if value is not None:
                params[name] = value
        for name in [name for name, values in params.lists() if not any(values)]:
            del params[name]
        return f"?{params.urlencode()}"

    def view_url(self, view: View) -> str:
        """A view as it was shared: without this page's filters."""
        return f"?view={view.name}"

    def sort_url(self, sort: Sort) -> str:
        turn = self.descending if sort == self.sort else not sort.descending
        return self.url(sort=sort.name if turn else f"-{sort.name}")

    def chips(self) -> list[Chip]:
        """The filters in force."""
        chips = []
        for bound in self.form:
            if self.form.cleaned_data.get(bound.name):
                words = _words(bound, self.form.cleaned_data[bound.name])
                chips.append(Chip(f"{bound.label}: {words}", self.url(**{bound.name: None})))
        return chips

    def kept(self) -> list[tuple[str, str]]:
        """What the filter form carries along in hidden fields."""
        names = ("view", "sort")
        return [(name, str(self.params[name])) for name in names if self.params.get(name)]


def _words(bound: forms.BoundField, value: Any) -> str:
    if isinstance(bound.field, forms.ChoiceField):
        values = value if isinstance(value, list) else [value]
        choices: Iterable[Any] = bound.field.choices  # type: ignore[assignment]
        labels = {str(key): str(label) for key, label in choices}
        return ", ".join(labels.get(str(each), str(each)) for each in values)
    return str(value)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of rows and the way to its neighbors; ``first`` is the place of its first row."""

    rows: list[Any]
    first: int
    newer_url: str = ""
    older_url: str = ""

    @property
    def last(self) -> int:
        return self.first + len(self.rows) - 1

    def summary(self, count: Count | None = None) -> str:
        """``51–100 of 999+``."""
        if not self.rows:
            return ""
        span = f"{number_format(self.first, force_grouping=True)}–{number_format(self.last, force_grouping=True)}"
        return str(_("%(span)s of %(count)s") % {"span": span, "count": count}) if count else span


def page_of(rows: Rows, state: State) -> Page:
    """The page that the URL asks for, with one statement.

    A page is read from the row before it (``after``) or behind it (``before``); the token also
    carries the place of that row, for the words "51–100".
    """
    column, size = state.sort.column, state.page_size
    backward = "before" in state.params
    cursor = _Cursor.read(
        state.params.get("before" if backward else "after", ""), rows.model, column
    )
    backward = backward and cursor is not None
    descending = state.descending is not backward
    if cursor:
        rows = rows.filter(cursor.beyond(column, descending=descending))
    found = list(_ordered(rows, column, descending=descending)[: size + 1])
    more = len(found) > size
    found = found[:size]
    if backward:
        found.reverse()
    first = 1 if cursor is None else cursor.place - len(found) if backward else cursor.place + 1
    first = max(first, 1)
    has_newer, has_older = (more, True) if backward else (cursor is not None, more)
    newer = state.url(before=_token(found[0], column, first)) if found and has_newer else ""
    older = (
        state.url(after=_token(found[-1], column, first + len(found) - 1))
        if found and has_older
        else ""
    )
    return Page(found, first, newer, older)


def _ordered(rows: Rows, column: str, *, descending: bool) -> Rows:
    sign = "-" if descending else ""
    return rows.order_by(*dict.fromkeys([f"{sign}{column}", f"{sign}id"]))


def _token(row: Any, column: str, place: int) -> str:
    value = getattr(row, column)
    text = None if value is None else str(value)
    packed = json.dumps([text, row.pk, place], separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class _Cursor:
    value: Any
    pk: int
    place: int

    @classmethod
    def read(cls, token: str, model: type[models.Model], column: str) -> _Cursor | None:
        """The cursor in a token; None for none and for one that nobody here has made."""
        if not token or len(token) > 500:
            return None
        try:
            text, pk, place = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
            value = None if text is None else _column(model, column).to_python(text)
        except (ValueError, TypeError, binascii.Error, ValidationError):
            return None
        if not isinstance(pk, int) or not isinstance(place, int) or abs(pk) > 2**62:
            return None
        return cls(value, pk, min(max(place, 0), 10**9))

    def beyond(self, column: str, *, descending: bool) -> Q:
        """The rows that follow. PostgreSQL sorts nulls first when descending, last when ascending."""
        side = "lt" if descending else "gt"
        same = Q(**{f"id__{side}": self.pk})
        if column == "id":
            return same
        if self.value is None:
            nulls = Q(**{f"{column}__isnull": True}) & same
            return nulls | Q(**{f"{column}__isnull": False}) if descending else nulls
        bound = Q(**{f"{column}__{side}e": self.value})
        behind = bound & (Q(**{f"{column}__{side}": self.value}) | same)
        return behind if descending else behind | Q(**{f"{column}__isnull": True})


def _column(model: type[models.Model], name: str) -> models.Field[Any, Any]:
    return next(each for each in model._meta.concrete_fields if each.name == name)


class Count(int):
    """A number of rows that was counted up to `CAP` only."""

    def __str__(self) -> str:
        if self >= CAP:
            return f"{CAP - 1}+"
        return str(number_format(int(self), force_grouping=True))


def capped_counts(wanted: Mapping[str, Rows]) -> dict[str, Count]:
    """How many rows each queryset has, all of them in one statement."""
    parts: list[str] = []
    arguments: list[Any] = []
    counts = dict.fromkeys(wanted, Count(0))
    asked = []
    for name, rows in wanted.items():
        try:
            sql, params = rows.order_by().values("pk")[:CAP].query.sql_with_params()
        except EmptyResultSet:
            continue
        asked.append(name)
        parts.append(f"(SELECT count(*) FROM ({sql}) AS t{len(asked)})")  # noqa: S608 - the ORM made it
        arguments += params
    if parts:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {', '.join(parts)}", arguments)
            counts |= zip(asked, map(Count, cursor.fetchone()), strict=True)
    return counts


@dataclass(frozen=True, slots=True)
class Tab:
    """A view as the page shows it."""

    label: str
    url: str
    current: bool
    count: str
    hot: bool


@dataclass(frozen=True, slots=True)
class Column:
    """A column head; ``url`` sorts by it, ``direction`` is set where it does already."""

    label: Any
    url: str = ""
    direction: str = ""
    css: str = ""


@dataclass(frozen=True, slots=True)
class ListPage:
    """Everything that the frame of a list page needs, whatever its rows are."""

    state: State
    tabs: list[Tab]
    page: Page
    summary: str
    total: Count
    columns: list[Column] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not self.page.rows

    @property
    def is_bare(self) -> bool:
        """There is nothing in the first view either, which shows all: a new installation."""
        return self.tabs[0].count == "0"

    @property
    def way_out(self) -> list[dict[str, Any]]:
        """What an empty list offers: the way without its filters, else the first view."""
        if self.state.is_filtered:
            return [
                {
                    "label": _("Clear search and filters"),
                    "url": self.state.view_url(self.state.view),
                }
            ]
        return [{"label": self.tabs[0].label, "url": self.tabs[0].url}]


def load(
    listing: Listing,
    params: QueryDict,
    rows: Rows,
    *,
    search: Callable[[Rows, str], Rows] | None = None,
    heads: Sequence[tuple[Any, str, str]] = (),
    related: Sequence[str] = (),
) -> ListPage:
    """Read one list page with two statements: the counts and the rows.

    ``heads`` are the columns: label, name of the sort (or empty), CSS class.
    """
    state = listing.read(params)
    narrowed = state.narrow(rows)
    if state.q and search:
        narrowed = search(narrowed, state.q)
    wanted = {view.name: view.narrow(rows) for view in listing.views}
    counts = capped_counts({**wanted, "": narrowed})
    page = page_of(narrowed.select_related(*related) if related else narrowed, state)
    tabs = [
        Tab(str(view.label), state.view_url(view), view == state.view, str(counts[view.name]),
            view.hot and counts[view.name] > 0)
        for view in listing.views
    ]  # fmt: skip
    return ListPage(
        state, tabs, page, page.summary(counts[""]), counts[""], _columns(listing, state, heads)
    )


def _columns(listing: Listing, state: State, heads: Sequence[tuple[Any, str, str]]) -> list[Column]:
    sorts = {each.name: each for each in listing.sorts}
    columns = []
    for label, name, css in heads:
        sort = sorts.get(name)
        now = sort == state.sort
        direction = ("descending" if state.descending else "ascending") if sort and now else ""
        columns.append(Column(label, state.sort_url(sort) if sort else "", direction, css))
    return columns
