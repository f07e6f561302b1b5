"""One search box over all apps: each app says what it finds, the exact hit opens at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

MAX_LENGTH = 128


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that was found. ``matched`` says by what; an ``exact`` one needs no choosing."""

    url: str
    title: str
    group: str
    matched: str
    detail: str = ""
    exact: bool = False


Searcher = Callable[[Any, str], list[Hit]]

_searchers: dict[str, Searcher] = {}


def register_search(name: str, find: Searcher) -> None:
    """Let an app answer the search box: ``find(user, text)``; call it in ``ready()``."""
    _searchers[name] = find


def clean(text: str) -> str:
    """What a person typed or scanned, without what no key can contain."""
    return text.replace("\0", "").strip()[:MAX_LENGTH]


def search_everything(user: Any, text: str) -> list[Hit]:
    """What this person may see of what the text names: exact hits first, in the apps' order."""
    if not text:
        return []
    hits = [hit for find in _searchers.values() for hit in find(user, text)]
    seen: dict[str, Hit] = {}
    for hit in sorted(hits, key=lambda each: not each.exact):
        seen.setdefault(hit.url, hit)
    return list(seen.values())


def only_exact(hits: list[Hit], text: str) -> Hit | None:
    """The one thing that the text names exactly, if there is just one; its own number counts first."""
    exact = [hit for hit in hits if hit.exact]
    own = [hit for hit in exact if hit.title.casefold() == text.casefold()]
    found = own or exact
    return found[0] if len(found) == 1 else None
