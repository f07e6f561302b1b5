"""Who does something, and through which door."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.contrib.auth.models import AnonymousUser


@dataclass(frozen=True, slots=True)
class Actor:
    """The person or program behind a write; every service asks for one.

    ``label`` is what the timeline shows; ``surface`` is the door: admin, warehouse, api, channel,
    customer, command or system.
    """

    label: str
    user_id: int | None = None
    surface: str = "system"

    @classmethod
    def of(cls, user: AbstractBaseUser | AnonymousUser, *, surface: str = "admin") -> Actor:
        """The actor for a signed-in user."""
        if user.pk is None:
            raise ValueError("An anonymous visitor cannot act; name the customer or the channel.")
        label = getattr(user, "get_full_name", str)() or str(user)
        return cls(label=label, user_id=user.pk, surface=surface)


SYSTEM = Actor(label="System")
