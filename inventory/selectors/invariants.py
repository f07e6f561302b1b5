"""What must always be true of stock."""

LEVEL_IS_LEDGER = """
SELECT format('%s at %s: level %s/%s/%s, ledger %s/%s/%s (on hand/allocated/blocked).',
  product.sku, warehouse.code, level.on_hand, level.allocated, level.blocked,
  COALESCE(ledger.on_hand, 0), COALESCE(ledger.allocated, 0), COALESCE(ledger.blocked, 0)),
  product.id
FROM inventory_stocklevel level
FULL JOIN (
  SELECT warehouse_id, product_id, sum(on_hand_delta) AS on_hand,
    sum(allocated_delta) AS allocated, sum(blocked_delta) AS blocked
  FROM inventory_stockmovement GROUP BY warehouse_id, product_id) ledger
  USING (warehouse_id, product_id)
JOIN inventory_product product ON product.id = product_id
JOIN inventory_warehouse warehouse ON warehouse.id = warehouse_id
WHERE (COALESCE(level.on_hand, 0), COALESCE(level.allocated, 0), COALESCE(level.blocked, 0))
  <> (COALESCE(ledger.on_hand, 0), COALESCE(ledger.allocated, 0), COALESCE(ledger.blocked, 0))"""

BALANCE_CONTINUES = """
SELECT format('%s at %s: movement %s does not continue the balance before it.',
  product.sku, warehouse.code, movement.id), product.id
FROM (
  SELECT id, warehouse_id, product_id,
    on_hand_after - on_hand_delta - lag(on_hand_after, 1, 0) OVER level AS on_hand_gap,
    allocated_after - allocated_delta - lag(allocated_after, 1, 0) OVER level AS allocated_gap,
    blocked_after - blocked_delta - lag(blocked_after, 1, 0) OVER level AS blocked_gap
  FROM inventory_stockmovement
  WINDOW level AS (PARTITION BY warehouse_id, product_id ORDER BY id)) movement
JOIN inventory_product product ON product.id = product_id
JOIN inventory_warehouse warehouse ON warehouse.id = warehouse_id
WHERE on_hand_gap <> 0 OR allocated_gap <> 0 OR blocked_gap <> 0"""

BINS_ARE_ON_HAND = """
SELECT format('%s at %s: %s on hand, %s in bins; %s blocked, %s in blocked bins.',
  product.sku, warehouse.code, COALESCE(level.on_hand, 0), COALESCE(bins.quantity, 0),
  COALESCE(level.blocked, 0), COALESCE(bins.blocked, 0)), product.id
FROM inventory_stocklevel level
FULL JOIN (
  SELECT bin.warehouse_id, content.product_id, sum(content.quantity) AS quantity,
    COALESCE(sum(content.quantity)
      FILTER (WHERE bin.kind IN ('quarantine', 'returns', 'missing')), 0) AS blocked
  FROM inventory_bincontent content JOIN inventory_bin bin ON bin.id = content.bin_id
  GROUP BY bin.warehouse_id, content.product_id) bins USING (warehouse_id, product_id)
JOIN inventory_product product ON product.id = product_id
JOIN inventory_warehouse warehouse ON warehouse.id = warehouse_id
WHERE (COALESCE(level.on_hand, 0), COALESCE(level.blocked, 0))
  <> (COALESCE(bins.quantity, 0), COALESCE(bins.blocked, 0))"""

ALLOCATIONS_ARE_ALLOCATED = """
SELECT format('%s at %s: %s allocated, its allocations add up to %s.',
  product.sku, warehouse.code, COALESCE(level.allocated, 0), COALESCE(claims.quantity, 0)),
  product.id
FROM inventory_stocklevel level
FULL JOIN (
  SELECT warehouse_id, product_id, sum(quantity) AS quantity
  FROM inventory_allocation GROUP BY warehouse_id, product_id) claims
  USING (warehouse_id, product_id)
JOIN inventory_product product ON product.id = product_id
JOIN inventory_warehouse warehouse ON warehouse.id = warehouse_id
WHERE COALESCE(level.allocated, 0) <> COALESCE(claims.quantity, 0)"""

SERIAL_ONCE = """
SELECT format('Serial number %s of %s lies in %s places.', content.serial, product.sku,
  sum(content.quantity)), product.id
FROM inventory_bincontent content JOIN inventory_product product ON product.id = content.product_id
WHERE content.serial IS NOT NULL
GROUP BY content.serial, product.id HAVING sum(content.quantity) > 1"""

TRACKING_IS_KEPT = """
SELECT format('%s is tracked by %s, but %s units in bin %s carry none.', product.sku,
  product.tracking, content.quantity, bin.code), product.id
FROM inventory_bincontent content
JOIN inventory_product product ON product.id = content.product_id
JOIN inventory_bin bin ON bin.id = content.bin_id
WHERE content.quantity > 0 AND (product.tracking = 'lot' AND content.lot_id IS NULL
  OR product.tracking = 'serial' AND content.serial IS NULL)"""

TRANSIT_IS_LEDGER = """
SELECT format('%s, %s: %s sent, %s received; the ledger says %s sent and not received.',
  transfer.number, product.sku, line.sent, line.received, COALESCE(ledger.away, 0))
FROM inventory_transferline line
JOIN inventory_transfer transfer ON transfer.id = line.transfer_id
JOIN inventory_product product ON product.id = line.product_id
LEFT JOIN (
  SELECT demand_id, -sum(on_hand_delta) AS away FROM inventory_stockmovement
  WHERE demand_kind = 'transfer_line' AND kind IN ('transfer_out', 'transfer_in')
  GROUP BY demand_id) ledger ON ledger.demand_id = line.id
WHERE line.sent - line.received <> COALESCE(ledger.away, 0)
  OR line.sent < line.received + line.lost"""

PARTS_ARE_LINES = """
SELECT format('%s, %s: its lots and serial numbers add up to %s/%s/%s, the line says %s/%s/%s'
  ' (sent/received/lost).', transfer.number, product.sku, COALESCE(part.sent, 0),
  COALESCE(part.received, 0), COALESCE(part.lost, 0), line.sent, line.received, line.lost)
FROM inventory_transferline line
JOIN inventory_transfer transfer ON transfer.id = line.transfer_id
JOIN inventory_product product ON product.id = line.product_id
LEFT JOIN (
  SELECT line_id, sum(sent) AS sent, sum(received) AS received, sum(lost) AS lost
  FROM inventory_transferpart GROUP BY line_id) part ON part.line_id = line.id
WHERE (line.sent, line.received, line.lost)
  <> (COALESCE(part.sent, 0), COALESCE(part.received, 0), COALESCE(part.lost, 0))"""

TRANSFER_IS_ALLOCATED = """
SELECT format('%s, %s: %s of %s units are allocated.', transfer.number, product.sku,
  COALESCE(claim.quantity, 0), line.quantity)
FROM inventory_transferline line
JOIN inventory_transfer transfer ON transfer.id = line.transfer_id
JOIN inventory_product product ON product.id = line.product_id
LEFT JOIN (
  SELECT demand_id, sum(quantity) AS quantity FROM inventory_allocation
  WHERE demand_kind = 'transfer_line' GROUP BY demand_id) claim ON claim.demand_id = line.id
WHERE COALESCE(claim.quantity, 0)
  <> CASE transfer.status WHEN 'approved' THEN line.quantity ELSE 0 END"""

COUNTED_ONCE = """
SELECT format('%s in bin %s stands on %s open counts.', product.sku, bin.code, count(*))
FROM inventory_countline line
JOIN inventory_stockcount head ON head.id = line.stock_count_id
JOIN inventory_product product ON product.id = line.product_id
JOIN inventory_bin bin ON bin.id = line.bin_id
WHERE head.status IN ('open', 'review') AND bin.kind <> 'missing'
GROUP BY product.sku, bin.code, bin.id, line.lot_id, line.serial HAVING count(*) > 1"""

ALL = [
    ("stock.level_is_ledger", LEVEL_IS_LEDGER, "A level is the sum of its movements."),
    ("stock.balance_continues", BALANCE_CONTINUES, "Each balance continues the one before."),
    ("stock.bins_are_on_hand", BINS_ARE_ON_HAND, "The bins add up to on hand and blocked."),
    ("stock.allocations_add_up", ALLOCATIONS_ARE_ALLOCATED, "Allocations add up to allocated."),
    ("stock.serial_once", SERIAL_ONCE, "A serial number lies in one place."),
    ("stock.transit_is_ledger", TRANSIT_IS_LEDGER, "What is on the way is sent and not received."),
    ("stock.parts_are_lines", PARTS_ARE_LINES, "The parts of a transfer add up to its lines."),
    ("stock.transfer_is_allocated", TRANSFER_IS_ALLOCATED, "Approved transfers hold their units."),
    ("stock.counted_once", COUNTED_ONCE, "A place stands on one open count."),
    ("stock.tracking_is_kept", TRACKING_IS_KEPT, "Tracked goods carry their lot or number."),
]

# Whose second column is the key of a product.
ABOUT_PRODUCTS = {
    "stock.level_is_ledger",
    "stock.balance_continues",
    "stock.bins_are_on_hand",
    "stock.allocations_add_up",
    "stock.serial_once",
    "stock.tracking_is_kept",
}
# What `services.compensation` brings together; the others say that somebody wrote past the ledger.
COMPENSATED = {"stock.level_is_ledger", "stock.bins_are_on_hand", "stock.allocations_add_up"}
