"""The one statement that moves stock, kept in the database as two functions so that it is planned
once per connection instead of once per call (planning would take three times as long as the work).

It locks the levels in key order, then bin contents and allocations; finds every reason to refuse;
and only where there is none moves the levels, the contents and the allocations and writes the
movements with their balance-after. With a reason to refuse it changes nothing, so the caller's
transaction stays usable.

A level's lock guards the contents and the allocations of its product in its warehouse as well: every
writer comes through here. After a change of this file a migration installs the functions again
(`install`); a test compares them with the ones in the database.
"""

from __future__ import annotations

from django.db.migrations.operations import RunSQL

CLAIM_COLUMNS = {
    "warehouse_id": "bigint",
    "product_id": "bigint",
    "kind": "text",
    "quantity": "int",
    "allocated": "int",
    "demand_kind": "text",
    "demand_id": "bigint",
    "document": "text",
    "reason": "text",
    "note": "text",
    "idem_key": "text",
}
GOODS_COLUMNS = CLAIM_COLUMNS | {
    "bin_from_id": "bigint",
    "bin_to_id": "bigint",
    "lot_id": "bigint",
    "serial": "text",
}

_CHANGE = "change AS MATERIALIZED (SELECT * FROM unnest({arrays}) WITH ORDINALITY AS t({names}))"

_EFFECT_OF_CLAIMS = """
effect AS MATERIALIZED (SELECT change.*, 0 AS on_hand, 0 AS blocked, NULL AS problem FROM change)"""

_EFFECT_OF_GOODS = """
effect AS MATERIALIZED (
  SELECT change.*,
    CASE WHEN (bin_from_id IS NULL) = (bin_to_id IS NULL) THEN 0
         WHEN bin_from_id IS NULL THEN change.quantity ELSE -change.quantity END AS on_hand,
    change.quantity * ((COALESCE(target.kind, '') IN ('quarantine', 'returns', 'missing'))::int
      - (COALESCE(source.kind, '') IN ('quarantine', 'returns', 'missing'))::int) AS blocked,
    CASE WHEN product.id IS NULL THEN 'product'
         WHEN product.is_kit THEN 'kit'
         WHEN bin_from_id IS NOT NULL AND source.id IS NULL THEN 'source'
         WHEN bin_to_id IS NOT NULL AND target.id IS NULL THEN 'target'
         WHEN NOT target.is_active THEN 'closed'
         WHEN bin_from_id IS NULL AND bin_to_id IS NULL THEN NULL
         WHEN change.lot_id IS NOT NULL AND lot.id IS NULL THEN 'lot_of_other'
         WHEN product.tracking = 'lot' AND change.lot_id IS NULL THEN 'lot_missing'
         WHEN product.tracking = 'none' AND (change.lot_id IS NOT NULL OR serial IS NOT NULL)
           THEN 'untracked'
         WHEN product.tracking = 'serial' AND serial IS NULL THEN 'serial_missing'
         WHEN product.tracking = 'serial' AND change.quantity <> 1 THEN 'serial_is_one'
         WHEN product.tracking = 'lot' AND serial IS NOT NULL THEN 'untracked'
    END AS problem
  FROM change
  LEFT JOIN inventory_product product ON product.id = change.product_id
  LEFT JOIN inventory_bin source
    ON source.id = bin_from_id AND source.warehouse_id = change.warehouse_id
  LEFT JOIN inventory_bin target
    ON target.id = bin_to_id AND target.warehouse_id = change.warehouse_id
  LEFT JOIN inventory_lot lot ON lot.id = change.lot_id AND lot.product_id = change.product_id)"""

_LEVELS = """
running AS MATERIALIZED (
  SELECT effect.*, sum(on_hand) OVER level AS on_hand_run,
    sum(allocated) OVER level AS allocated_run, sum(blocked) OVER level AS blocked_run
  FROM effect WINDOW level AS (PARTITION BY warehouse_id, product_id ORDER BY ordinal)),
total AS MATERIALIZED (
  SELECT warehouse_id, product_id, sum(on_hand) AS on_hand, sum(allocated) AS allocated,
    sum(blocked) AS blocked, min(on_hand_run - allocated_run - blocked_run) AS lowest_available,
    min(allocated_run) AS lowest_allocated, min(blocked_run) AS lowest_blocked
  FROM running GROUP BY warehouse_id, product_id),
locked AS MATERIALIZED (
  SELECT level.* FROM inventory_stocklevel level JOIN total USING (warehouse_id, product_id)
  ORDER BY level.warehouse_id, level.product_id FOR NO KEY UPDATE OF level)"""

_CONTENTS = """
piece AS (
  SELECT warehouse_id, bin_from_id AS bin_id, product_id, lot_id, serial, -quantity AS delta
  FROM change WHERE bin_from_id IS NOT NULL
  UNION ALL
  SELECT warehouse_id, bin_to_id, product_id, lot_id, serial, quantity
  FROM change WHERE bin_to_id IS NOT NULL),
net AS MATERIALIZED (
  SELECT warehouse_id, bin_id, product_id, lot_id, serial, sum(delta)::int AS delta
  FROM piece GROUP BY warehouse_id, bin_id, product_id, lot_id, serial HAVING sum(delta) <> 0),
lying AS MATERIALIZED (
  SELECT content.*, net.delta FROM inventory_bincontent content
  JOIN net ON content.bin_id = net.bin_id AND content.product_id = net.product_id
    AND content.lot_id IS NOT DISTINCT FROM net.lot_id
    AND content.serial IS NOT DISTINCT FROM net.serial
  WHERE net.delta < 0 AND (SELECT count(*) FROM locked) >= 0
  ORDER BY content.bin_id, content.product_id, content.id FOR NO KEY UPDATE OF content)"""

_CLAIMS = """
claim AS MATERIALIZED (
  SELECT warehouse_id, product_id, demand_kind, demand_id, sum(allocated)::int AS delta
  FROM change WHERE allocated <> 0 GROUP BY warehouse_id, product_id, demand_kind, demand_id),
held AS MATERIALIZED (
  SELECT allocation.*, claim.delta FROM inventory_allocation allocation
  JOIN claim USING (warehouse_id, product_id, demand_kind, demand_id)
  WHERE claim.delta < 0 AND (SELECT count(*) FROM locked) >= 0
  ORDER BY allocation.id FOR UPDATE OF allocation)"""

_REFUSED_LEVELS = """
  SELECT CASE WHEN level.id IS NULL
         AND lowest_available >= 0 AND lowest_allocated >= 0 AND lowest_blocked >= 0
         THEN 'new_level' ELSE 'level' END AS what, warehouse_id, product_id,
    NULL::bigint AS bin_id, NULL::text AS serial, NULL::text AS demand_kind,
    NULL::bigint AS demand_id, -lowest_available::int AS wanted,
    COALESCE(level.on_hand - level.allocated - level.blocked, 0) AS available
  FROM total LEFT JOIN locked level USING (warehouse_id, product_id)
  WHERE level.id IS NULL OR level.allocated + lowest_allocated < 0
    OR level.blocked + lowest_blocked < 0
    OR level.on_hand - level.allocated - level.blocked + lowest_available < 0"""

_REFUSED_TWICE = """
  UNION ALL
  SELECT 'booked', change.warehouse_id, change.product_id, NULL, change.idem_key, NULL, NULL, 0, 0
  FROM change JOIN inventory_stockmovement booked USING (idem_key)"""

_REFUSED_GOODS = """
  UNION ALL
  SELECT problem, warehouse_id, product_id, COALESCE(bin_to_id, bin_from_id), serial,
    NULL, NULL, quantity, 0
  FROM effect WHERE problem IS NOT NULL
  UNION ALL
  SELECT 'bin', net.warehouse_id, net.product_id, net.bin_id, net.serial, NULL, NULL, -net.delta,
    COALESCE(lying.quantity, 0)
  FROM net LEFT JOIN lying ON lying.bin_id = net.bin_id AND lying.product_id = net.product_id
    AND lying.lot_id IS NOT DISTINCT FROM net.lot_id
    AND lying.serial IS NOT DISTINCT FROM net.serial
  WHERE net.delta < 0 AND COALESCE(lying.quantity, 0) + net.delta < 0
  UNION ALL
  SELECT 'serial_twice', min(warehouse_id), product_id, NULL, serial, NULL, NULL, 1, 0
  FROM net WHERE serial IS NOT NULL GROUP BY product_id, serial
  HAVING sum(delta) > 1 OR sum(delta) > 0 AND EXISTS (
    SELECT FROM inventory_bincontent other WHERE other.product_id = net.product_id
      AND other.serial = net.serial AND other.quantity > 0)"""

_REFUSED_CLAIMS = """
  UNION ALL
  SELECT 'claim', claim.warehouse_id, claim.product_id, NULL, NULL, claim.demand_kind,
    claim.demand_id, -claim.delta, COALESCE(held.quantity, 0)
  FROM claim LEFT JOIN held USING (warehouse_id, product_id, demand_kind, demand_id)
  WHERE claim.delta < 0 AND COALESCE(held.quantity, 0) + claim.delta < 0"""

_MOVED = """
moved AS (
  UPDATE inventory_stocklevel level SET on_hand = level.on_hand + total.on_hand,
    allocated = level.allocated + total.allocated, blocked = level.blocked + total.blocked
  FROM total JOIN locked USING (warehouse_id, product_id)
  WHERE level.id = locked.id AND NOT EXISTS (SELECT FROM refusal)
    AND (total.on_hand <> 0 OR total.allocated <> 0 OR total.blocked <> 0)
    AND level.on_hand + total.on_hand
      >= level.allocated + total.allocated + level.blocked + total.blocked
  RETURNING level.id),
booked AS (
  INSERT INTO inventory_stockmovement ({columns}, user_id, actor_label,
    on_hand_delta, allocated_delta, blocked_delta, on_hand_after, allocated_after, blocked_after)
  SELECT {values}, actor_id, actor_name, running.on_hand, running.allocated,
    running.blocked, locked.on_hand + on_hand_run, locked.allocated + allocated_run,
    locked.blocked + blocked_run
  FROM running JOIN locked USING (warehouse_id, product_id)
  WHERE NOT EXISTS (SELECT FROM refusal) ORDER BY ordinal
  RETURNING id)"""

_CONTENTS_MOVED = """
taken AS (
  UPDATE inventory_bincontent content SET quantity = content.quantity + lying.delta FROM lying
  WHERE content.id = lying.id AND NOT EXISTS (SELECT FROM refusal) RETURNING content.id),
stored AS (
  INSERT INTO inventory_bincontent (bin_id, product_id, lot_id, serial, quantity)
  SELECT bin_id, product_id, lot_id, serial, delta FROM net
  WHERE delta > 0 AND NOT EXISTS (SELECT FROM refusal) AND (SELECT count(*) FROM taken) >= 0
  ORDER BY bin_id, product_id
  ON CONFLICT ON CONSTRAINT bin_content_once
  DO UPDATE SET quantity = inventory_bincontent.quantity + EXCLUDED.quantity)"""

_CLAIMS_GAINED = """
gained AS (
  INSERT INTO inventory_allocation (warehouse_id, product_id, demand_kind, demand_id, quantity)
  SELECT warehouse_id, product_id, demand_kind, demand_id, delta FROM claim
  WHERE delta > 0 AND NOT EXISTS (SELECT FROM refusal)
  ORDER BY demand_kind, demand_id, warehouse_id, product_id
  ON CONFLICT ON CONSTRAINT allocation_once
  DO UPDATE SET quantity = inventory_allocation.quantity + EXCLUDED.quantity)"""

_CLAIMS_GIVEN_BACK = """
lessened AS (
  UPDATE inventory_allocation allocation SET quantity = held.quantity + held.delta FROM held
  WHERE allocation.id = held.id AND held.quantity + held.delta > 0
    AND NOT EXISTS (SELECT FROM refusal)),
ended AS (
  DELETE FROM inventory_allocation allocation USING held
  WHERE allocation.id = held.id AND held.quantity + held.delta = 0
    AND NOT EXISTS (SELECT FROM refusal))"""

_ANSWER = """
SELECT (SELECT count(*) FROM booked), (SELECT count(*) FROM moved),
  (SELECT count(*) FROM total WHERE on_hand <> 0 OR allocated <> 0 OR blocked <> 0), refusal.*
FROM (VALUES (1)) AS one LEFT JOIN refusal ON true"""

CREATE_LEVELS = """
INSERT INTO inventory_stocklevel (warehouse_id, product_id)
SELECT warehouse_id, product_id FROM unnest(%s::bigint[], %s::bigint[]) AS t(warehouse_id, product_id)
ORDER BY warehouse_id, product_id ON CONFLICT DO NOTHING"""

_PAST = """
unnest(%(kind)s::text[], %(warehouse_id)s::bigint[], %(product_id)s::bigint[], %(bin_id)s::bigint[],
  %(quantity)s::int[], %(at)s::timestamptz[], %(lot_id)s::bigint[], %(document)s::text[])
WITH ORDINALITY AS t(kind, warehouse_id, product_id, bin_id, quantity, at, lot_id, document, ordinal)"""

PAST_LEVELS = """
INSERT INTO inventory_stocklevel (warehouse_id, product_id)
SELECT * FROM unnest(%s::bigint[], %s::bigint[]) ON CONFLICT DO NOTHING"""

PAST_MOVEMENTS = f"""
WITH booked AS (
  INSERT INTO inventory_stockmovement (kind, warehouse_id, product_id, quantity, on_hand_delta,
    on_hand_after, allocated_after, blocked_after, bin_from_id, bin_to_id, lot_id, document, user_id,
    actor_label, at)
  SELECT kind, warehouse_id, product_id, abs(quantity), quantity,
    sum(quantity) OVER (PARTITION BY warehouse_id, product_id ORDER BY ordinal), 0, 0,
    CASE WHEN quantity < 0 THEN bin_id END, CASE WHEN quantity > 0 THEN bin_id END, lot_id, document,
    %(actor_id)s::bigint, %(actor_name)s::text, at
  FROM {_PAST} ORDER BY ordinal
  RETURNING warehouse_id, product_id, on_hand_delta)
UPDATE inventory_stocklevel level SET on_hand = total.on_hand FROM (
  SELECT warehouse_id, product_id, sum(on_hand_delta) AS on_hand FROM booked
  GROUP BY warehouse_id, product_id) total
WHERE (level.warehouse_id, level.product_id) = (total.warehouse_id, total.product_id)"""  # noqa: S608 - text of this file

PAST_CONTENTS = f"""
INSERT INTO inventory_bincontent (bin_id, product_id, lot_id, quantity)
SELECT bin_id, product_id, lot_id, sum(quantity) FROM {_PAST}
GROUP BY bin_id, product_id, lot_id HAVING sum(quantity) <> 0"""  # noqa: S608 - text of this file


def claims_sql() -> str:
    """The statement for changes without bins."""
    return _statement(CLAIM_COLUMNS, goods=False)


def goods_sql() -> str:
    """The statement for changes with bins, and allocations where goods leave."""
    return _statement(GOODS_COLUMNS, goods=True)


def _statement(columns: dict[str, str], *, goods: bool) -> str:
    arrays = ", ".join(f"{name}_list" for name in columns)
    change = _CHANGE.format(arrays=arrays, names=", ".join([*columns, "ordinal"]))
    kept = [name for name in columns if name != "allocated"]
    moved = _MOVED.format(
        columns=", ".join(kept), values=", ".join(f"running.{name}" for name in kept)
    )
    refused = _REFUSED_LEVELS + _REFUSED_TWICE + _REFUSED_CLAIMS
    refused += _REFUSED_GOODS if goods else ""
    parts = [change, _EFFECT_OF_GOODS if goods else _EFFECT_OF_CLAIMS, _LEVELS]
    parts += [_CONTENTS] if goods else []
    parts += [_CLAIMS, f"\nrefusal AS MATERIALIZED ({refused})", moved]
    parts += [_CONTENTS_MOVED] if goods else []
    parts += [_CLAIMS_GAINED, _CLAIMS_GIVEN_BACK]
    return f"WITH {','.join(parts)}{_ANSWER}"


def function_body(statement: str) -> str:
    return f"\n#variable_conflict use_column\nBEGIN RETURN QUERY\n{statement};\nEND "


def call(name: str, columns: dict[str, str]) -> str:
    """The SQL that calls one of the functions with a list for each column."""
    lists = ", ".join(f"%({column})s::{kind}[]" for column, kind in columns.items())
    return f"SELECT * FROM {name}({lists}, %(actor_id)s::bigint, %(actor_name)s::text)"  # noqa: S608 - names of this file


FUNCTIONS = {
    "inventory_post_claims": (CLAIM_COLUMNS, claims_sql),
    "inventory_post_goods": (GOODS_COLUMNS, goods_sql),
}
_ANSWER_COLUMNS = (
    "booked bigint, moved bigint, to_move bigint, what text, warehouse_id bigint,"
    " product_id bigint, bin_id bigint, serial text, demand_kind text, demand_id bigint,"
    " wanted int, available int"
)


def install() -> list[RunSQL]:
    """Migration operations that put the functions of this file into the database."""
    operations = []
    for name, (columns, sql) in FUNCTIONS.items():
        lists = ", ".join(f"{column}_list {kind}[]" for column, kind in columns.items())
        create = (
            f"CREATE OR REPLACE FUNCTION {name}({lists}, actor_id bigint, actor_name text)"
            f" RETURNS TABLE ({_ANSWER_COLUMNS}) LANGUAGE plpgsql"
            f" AS $body${function_body(sql())}$body$"
        )
        operations.append(RunSQL([(create, None)], f"DROP FUNCTION {name}"))
    return operations
