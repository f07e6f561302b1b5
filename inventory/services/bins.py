"""Tidying up behind the movements."""

from __future__ import annotations

from django.db import connection


def clear_empty_bins() -> int:
    """Remove the contents that have come down to 0 and are in nobody's hands just now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM inventory_bincontent WHERE id IN (SELECT id FROM inventory_bincontent"
            " WHERE quantity = 0 ORDER BY id LIMIT 10000 FOR UPDATE SKIP LOCKED)"
        )
        return int(cursor.rowcount)
