"""From a reference to a page: who keeps ``document_kind`` and ``document_id`` need not know the app."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise


@dataclass(frozen=True, slots=True)
class Link:
    """A document as text and place; ``detail`` says more where there is room."""

    label: str
    url: str = ""
    detail: str = ""


Resolver = Callable[[Sequence[int]], dict[int, Link]]
Reference = tuple[str, int]

_resolvers: dict[str, Resolver] = {}
_numbers: dict[str, str] = {}


def register_links(kind: str, resolve: Resolver) -> None:
    """Name the documents of a kind, many at once; call it in ``ready()``."""
    _resolvers[kind] = resolve


def links_to(references: Iterable[Reference]) -> dict[Reference, Link]:
    """The links of many references, one statement per kind; unknown ones are missing."""
    by_kind: dict[str, set[int]] = defaultdict(set)
    for kind, key in references:
        if kind in _resolvers and key is not None:
            by_kind[kind].add(key)
    return {
        (kind, key): link
        for kind, keys in by_kind.items()
        for key, link in _resolvers[kind](sorted(keys)).items()
    }


def register_number_prefix(prefix: str, url_name: str) -> None:
    """Say which page shows the documents whose numbers begin with ``prefix`` (``SO-``)."""
    _numbers[prefix] = url_name


def page_of_number(number: str) -> str:
    """The name of the URL that shows a document number, or nothing."""
    return next((name for prefix, name in _numbers.items() if number.startswith(prefix)), "")


@dataclass(frozen=True, slots=True)
class Way:
    """Another way out of a case: a page; ``urls`` gives its address by document, for many at once."""

    label: str | Promise
    permission: str
    urls: Callable[[Sequence[int]], dict[int, str]]


@dataclass(frozen=True, slots=True)
class Fix:
    """What a person can do about a case with one click; ``apply`` is one service call.

    It takes the case and the actor and gives back the sentence that says what was done. ``apply_all``
    does the same for many ``cases`` at once, where that can be; ``ways`` lead elsewhere.
    """

    name: str
    label: str | Promise
    permission: str
    apply: Callable[..., str]
    apply_all: Callable[..., str] | None = None
    ways: tuple[Way, ...] = ()


_fixes: dict[str, Fix] = {}


def register_fix(fix: Fix) -> None:
    """Offer a fix for the cases that propose it by name; call it in ``ready()``."""
    _fixes[fix.name] = fix


def fix_named(name: str) -> Fix | None:
    return _fixes.get(name)
