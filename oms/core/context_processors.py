"""What the shell of a staff page needs. Lazy: a fragment that draws no shell pays nothing."""

from dataclasses import dataclass
from functools import cached_property

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, get_urlconf, reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from oms.core.models import User
from oms.core.navigation import ITEMS, NavItem, NavLink, NavSection, visible_sections

_known_urls: dict[tuple[str | None, str], str | None] = {}

SHORTCUT_TEXTS = (
    ("/", gettext_lazy("Search everything")),
    ("n", gettext_lazy("New order")),
    ("f", gettext_lazy("Search in this list")),
    ("j k", gettext_lazy("Next and previous row")),
    ("x", gettext_lazy("Select the row")),
    ("Enter", gettext_lazy("Open the row")),
)


def url_of(name: str) -> str | None:
    """The URL of that name without arguments, or None; remembered, because a miss is slow."""
    key = (get_urlconf(), name)
    if key not in _known_urls:
        try:
            _known_urls[key] = reverse(name)
        except NoReverseMatch:
            _known_urls[key] = None
    return _known_urls[key]


def first_url(*names: str) -> str | None:
    return next(filter(None, map(url_of, names)), None)


@dataclass
class Shell:
    request: HttpRequest

    @property
    def _user(self) -> User | None:
        user = getattr(self.request, "user", None)
        return user if isinstance(user, User) else None

    @cached_property
    def brand(self) -> str:
        return str(getattr(settings, "COMPANY_NAME", "") or _("Order management"))

    @property
    def home_url(self) -> str:
        return first_url("core:start", "admin:start", "admin:index") or "/"

    @cached_property
    def sections(self) -> tuple[NavSection, ...]:
        return visible_sections(
            ITEMS, is_permitted=self._is_permitted, url_of=url_of, path=self.request.path
        )

    def _is_permitted(self, permission: str) -> bool:
        return self._user is not None and self._user.has_perm(permission)

    @property
    def theme(self) -> str:
        return self._user.theme if self._user else "auto"

    @property
    def theme_label(self) -> str:
        return {"light": _("light"), "dark": _("dark")}.get(self.theme, _("like the system"))

    @property
    def themes(self) -> list[tuple[str, str, str]]:
        icons = {"auto": "auto", "light": "sun", "dark": "moon"}
        return [(str(value), str(label), icons[value]) for value, label in User.Theme.choices]

    @property
    def next_theme(self) -> str:
        return {"auto": "light", "light": "dark"}.get(self.theme, "auto")

    @property
    def keys(self) -> bool:
        return self._user.single_keys if self._user else True

    @property
    def initials(self) -> str:
        name = (self._user.get_full_name() or self._user.get_username()) if self._user else ""
        words = name.replace("_", " ").replace(".", " ").replace("-", " ").split()
        return "".join(word[0] for word in words[:2]).upper()

    @property
    def search_url(self) -> str | None:
        return first_url("core:search", "admin:search")

    @property
    def new_order_url(self) -> str | None:
        if not self._is_permitted("orders.add_order"):
            return None
        return first_url("orders:order_new", "admin:order_new", "admin:orders_order_add")

    @property
    def preferences_url(self) -> str | None:
        return first_url("admin:preferences")

    @property
    def help_url(self) -> str:
        return first_url("core:help", "admin:help") or str(getattr(settings, "HELP_URL", ""))

    @property
    def account_items(self) -> list[NavLink]:
        places = [
            NavItem(_("Change password"), ("admin:password_change",), "lock", "", "", "core"),
            NavItem(_("Help"), ("admin:help",), "help", "", "", "core"),
        ]
        links = ((place, url_of(place.url_names[0])) for place in places)
        return [
            NavLink(place.label, url, place.icon, "", current=False) for place, url in links if url
        ]

    @property
    def shortcuts(self) -> list[tuple[str, str]]:
        going = [
            (f"g {link.key}", str(link.label))
            for section in self.sections
            for link in section.items
            if link.key
        ]
        always = [("?", _("This list")), ("Ctrl ↵", _("Do the main thing")), ("Esc", _("Close"))]
        known = [(keys, str(text)) for keys, text in SHORTCUT_TEXTS]
        if not self.new_order_url:
            known = [(keys, text) for keys, text in known if keys != "n"]
        return known + going + always


def shell(request: HttpRequest) -> dict[str, object]:
    return {
        "shell": SimpleLazyObject(lambda: Shell(request)),
        "request_id": getattr(request, "request_id", ""),
    }
