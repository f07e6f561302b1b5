"""Querysets whose locks are taken when they are asked for, in key order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from django.db import models

M = TypeVar("M", bound=models.Model)


class LockingQuerySet(models.QuerySet[M]):
    """The only way to lock rows: a lazy ``select_for_update()`` that nobody reads locks nothing."""

    def lock(self, pk: int) -> M:
        """The row with this key, locked until the transaction ends.

        :raises Model.DoesNotExist: there is no such row.
        """
        return self.select_for_update(of=("self",), no_key=True).get(pk=pk)

    def lock_all(self, pks: Iterable[int]) -> list[M]:
        """The rows with these keys, locked in key order (so that two callers never deadlock)."""
        rows = self.filter(pk__in=sorted(set(pks))).order_by("pk")
        return list(rows.select_for_update(of=("self",), no_key=True))
