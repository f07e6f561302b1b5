"""What must always be true of orders and their money. Imported history is known as such."""

from __future__ import annotations

from oms.core.money import CURRENCIES, exponent


def _currencies(places: int) -> str:
    return ", ".join(f"'{code}'" for code, _ in CURRENCIES if exponent(code) == places)


TOTALS_ADD_UP = """
SELECT format('%s: lines %s, charges %s and tax %s stand on it; its rows say %s, %s and %s.',
  o.number, o.lines_amount, o.charges_amount, o.tax_amount,
  COALESCE(l.net, 0), COALESCE(c.net, 0), COALESCE(l.tax, 0) + COALESCE(c.tax, 0))
FROM orders_order o
LEFT JOIN (SELECT order_id, sum(net_amount) AS net, sum(tax_amount) AS tax
  FROM orders_orderline WHERE kind <> 'component' GROUP BY order_id) l ON l.order_id = o.id
LEFT JOIN (SELECT order_id, sum(net_amount) AS net, sum(tax_amount) AS tax
  FROM orders_charge GROUP BY order_id) c ON c.order_id = o.id
WHERE o.lines_amount <> COALESCE(l.net, 0) OR o.charges_amount <> COALESCE(c.net, 0)
  OR o.tax_amount <> COALESCE(l.tax, 0) + COALESCE(c.tax, 0)"""

KIT_SHARES_ADD_UP = """
SELECT format('Line %s of %s: the kit costs %s + %s tax, its components %s + %s.',
  kit.position, o.number, kit.net_amount, kit.tax_amount,
  COALESCE(sum(part.net_amount), 0), COALESCE(sum(part.tax_amount), 0))
FROM orders_orderline kit JOIN orders_order o ON o.id = kit.order_id
LEFT JOIN orders_orderline part ON part.order_id = kit.order_id AND part.parent_id = kit.id
WHERE kit.kind = 'kit' GROUP BY o.id, kit.id
HAVING kit.net_amount <> COALESCE(sum(part.net_amount), 0)
  OR kit.tax_amount <> COALESCE(sum(part.tax_amount), 0)"""

COUNTERS_ADD_UP = """
SELECT format('Line %s of %s: %s ordered, but %s open, %s allocated, %s backordered, %s shipped, %s canceled, %s returned.',
  l.position, o.number, l.ordered, l.open, l.allocated, l.backordered, l.shipped, l.canceled, l.returned)
FROM orders_orderline l JOIN orders_order o ON o.id = l.order_id
WHERE l.ordered <> l.open + l.allocated + l.backordered + l.shipped + l.canceled
  OR least(l.open, l.allocated, l.backordered, l.shipped, l.canceled, l.returned) < 0
  OR l.returned > l.shipped"""

ALLOCATIONS_ARE_COUNTED = """
SELECT format('Line %s of %s: %s allocated, but its allocations hold %s.',
  l.position, o.number, COALESCE(l.allocated, 0), COALESCE(a.quantity, 0)),
  COALESCE(l.id, a.demand_id)
FROM orders_orderline l
FULL JOIN (SELECT demand_id, sum(quantity) AS quantity FROM inventory_allocation
  WHERE demand_kind = 'order_line' GROUP BY demand_id) a ON a.demand_id = l.id
LEFT JOIN orders_order o ON o.id = l.order_id
WHERE COALESCE(l.allocated, 0) <> COALESCE(a.quantity, 0)"""

RESERVATIONS_COVER = """
SELECT format('Line %s of %s: %s open and %s backordered, but %s and %s reserved.',
  l.position, o.number, l.open, l.backordered, COALESCE(r.open, 0), COALESCE(r.backordered, 0)),
  COALESCE(l.id, r.demand_id)
FROM orders_orderline l JOIN orders_order o ON o.id = l.order_id
FULL JOIN (SELECT demand_id,
    sum(quantity) FILTER (WHERE kind = 'order') AS open,
    sum(quantity) FILTER (WHERE kind = 'backorder') AS backordered
  FROM inventory_reservation WHERE demand_kind = 'order_line' AND kind IN ('order', 'backorder')
  GROUP BY demand_id) r ON r.demand_id = l.id
WHERE COALESCE(r.open, 0) <>
    CASE WHEN o.status IN ('placed', 'in_fulfillment') THEN l.open ELSE 0 END
  OR COALESCE(r.backordered, 0) <>
    CASE WHEN o.status IN ('placed', 'in_fulfillment') THEN l.backordered ELSE 0 END
  OR l.id IS NULL"""

_UNITS = """
SELECT order_id, sum(open) AS open, sum(backordered) AS backordered, sum(shipped) AS shipped,
  sum(canceled) AS canceled, sum(open + allocated + backordered) AS owed
FROM orders_orderline GROUP BY order_id"""

FULFILLMENT_STATUS = f"""
SELECT format('%s is %s, its counters say %s.', number, fulfillment_status, derived)
FROM (
  SELECT o.number, o.fulfillment_status, CASE
    WHEN u.canceled > 0 AND u.owed + u.shipped = 0 THEN 'canceled'
    WHEN u.shipped > 0 AND u.owed > 0 THEN 'partly_shipped'
    WHEN u.shipped > 0 THEN 'shipped'
    WHEN u.open > 0 OR u.owed = 0 THEN 'unrouted'
    WHEN u.backordered > 0 THEN 'backordered'
    ELSE 'allocated' END AS derived
  FROM orders_order o JOIN ({_UNITS}) u ON u.order_id = o.id WHERE NOT o.is_history) each
WHERE fulfillment_status <> derived"""  # noqa: S608 - made of our own constants

PAYMENT_STATUS = f"""
SELECT format('%s is %s, its payments say %s.', number, payment_status, derived)
FROM (
  SELECT o.number, o.payment_status, CASE
    WHEN p.refunded > 0 AND p.refunded >= p.captured THEN 'refunded'
    WHEN p.refunded > 0 THEN 'partly_refunded'
    WHEN p.captured > 0 AND p.captured >= CASE WHEN l.canceled > 0 AND l.kept = 0 THEN 0
      ELSE greatest(0, o.total_amount - l.canceled_amount) END THEN 'paid'
    WHEN p.captured > 0 THEN 'partly_paid'
    WHEN o.total_amount <= 0 THEN 'paid'
    WHEN p.authorized > 0 THEN 'authorized'
    ELSE 'unpaid' END AS derived
  FROM (SELECT *, CASE WHEN currency IN ({_currencies(0)}) THEN 0
      WHEN currency IN ({_currencies(3)}) THEN 3 ELSE 2 END AS places
    FROM orders_order WHERE NOT is_history) o
  CROSS JOIN LATERAL (
    SELECT COALESCE(sum(canceled), 0) AS canceled, COALESCE(sum(ordered - canceled), 0) AS kept,
      COALESCE(sum(CASE WHEN canceled > 0 THEN net_amount + tax_amount
        - round(net_amount * (ordered - canceled) / ordered, o.places)
        - round(tax_amount * (ordered - canceled) / ordered, o.places) END), 0) AS canceled_amount
    FROM orders_orderline WHERE order_id = o.id AND kind <> 'kit') l
  CROSS JOIN LATERAL (
    SELECT COALESCE(sum(authorized), 0) AS authorized, COALESCE(sum(captured), 0) AS captured,
      COALESCE(sum(refunded), 0) AS refunded
    FROM orders_payment WHERE order_id = o.id) p) each
WHERE payment_status <> derived"""  # noqa: S608 - made of our own constants

STATUS_FITS_COUNTERS = f"""
SELECT format('%s is %s with %s units owed, %s shipped, %s canceled.',
  o.number, o.status, u.owed, u.shipped, u.canceled)
FROM orders_order o JOIN ({_UNITS}) u ON u.order_id = o.id
WHERE (o.status = 'completed' AND u.owed > 0)
  OR (o.status = 'completed' AND u.shipped = 0 AND NOT o.is_history)
  OR (o.status = 'canceled' AND u.owed + u.shipped > 0)
  OR (o.status = 'in_fulfillment' AND u.owed = 0)
  OR (o.status = 'placed' AND u.owed + u.shipped = 0)
  OR (o.status = 'draft' AND (u.shipped > 0 OR u.owed <> u.open))"""  # noqa: S608 - made of our own constants

HOLDS_ARE_COUNTED = """
SELECT format('%s counts %s routing and %s shipping holds, %s and %s are there.',
  o.number, o.routing_holds, o.shipping_holds, COALESCE(h.routing, 0), COALESCE(h.shipping, 0))
FROM orders_order o LEFT JOIN (SELECT order_id,
    count(*) FILTER (WHERE kind = 'routing') AS routing,
    count(*) FILTER (WHERE kind = 'shipping') AS shipping
  FROM orders_hold WHERE lifted_at IS NULL GROUP BY order_id) h ON h.order_id = o.id
WHERE o.routing_holds <> COALESCE(h.routing, 0) OR o.shipping_holds <> COALESCE(h.shipping, 0)"""

INVOICED_WITHIN_GOODS = """
SELECT format('Line %s of %s: %s units invoiced, %s shipped, %s not canceled.',
  l.position, o.number, billed.units, l.shipped, l.ordered - l.canceled)
FROM (SELECT il.order_line_id,
    sum(CASE i.kind WHEN 'invoice' THEN il.quantity ELSE -il.quantity END) AS units,
    sum(CASE i.kind WHEN 'invoice' THEN il.net_amount ELSE -il.net_amount END) AS net
  FROM orders_invoiceline il JOIN orders_invoice i ON i.id = il.invoice_id
  WHERE il.order_line_id IS NOT NULL GROUP BY il.order_line_id) billed
JOIN orders_orderline l ON l.id = billed.order_line_id
JOIN orders_order o ON o.id = l.order_id
WHERE billed.units < 0 OR billed.net > l.net_amount OR billed.units >
  CASE o.settlement WHEN 'on_account' THEN l.shipped ELSE l.ordered - l.canceled END"""

INVOICE_LINES_ADD_UP = """
SELECT format('%s: net %s and tax %s stand on it; its lines say %s and %s.',
  i.number, i.net_amount, i.tax_amount, COALESCE(sum(l.net_amount), 0), COALESCE(sum(l.tax_amount), 0))
FROM orders_invoice i LEFT JOIN orders_invoiceline l ON l.invoice_id = i.id
GROUP BY i.id
HAVING i.net_amount <> COALESCE(sum(l.net_amount), 0)
  OR i.tax_amount <> COALESCE(sum(l.tax_amount), 0)"""

CREDIT_WITHIN_INVOICE = """
SELECT format('%s: %s of %s credited for “%s”.', invoice.number, sum(part.quantity), line.quantity, line.description)
FROM orders_invoiceline line JOIN orders_invoice invoice ON invoice.id = line.invoice_id
JOIN orders_invoice note ON note.refers_to_id = invoice.id
JOIN orders_invoiceline part ON part.invoice_id = note.id
  AND part.order_line_id IS NOT DISTINCT FROM line.order_line_id
  AND part.charge_id IS NOT DISTINCT FROM line.charge_id
GROUP BY invoice.id, line.id
HAVING sum(part.quantity) > line.quantity OR abs(sum(part.net_amount)) > abs(line.net_amount)
  OR abs(sum(part.tax_amount)) > abs(line.tax_amount)"""

INVOICE_NUMBERS_HAVE_NO_GAPS = """
SELECT format('The %s series counts to %s, has %s numbers and ends with %s.',
  series.kind, COALESCE(counter.last, 0), count(i.id), COALESCE(max(i.number), 'none'))
FROM (VALUES ('invoice', 'INV-'), ('credit_note', 'CN-')) AS series (kind, prefix)
LEFT JOIN core_counter counter ON counter.series = series.kind
LEFT JOIN orders_invoice i ON i.kind = series.kind
GROUP BY series.kind, series.prefix, counter.last
HAVING count(i.id) <> COALESCE(counter.last, 0)
  OR max(substr(i.number, length(series.prefix) + 1)::bigint) <> count(i.id)"""

PAYMENTS_FIT = """
SELECT format('A payment of %s: %s %s captured, %s pending and %s refunded; the order is in %s.',
  o.number, p.captured, p.currency, p.refund_pending, p.refunded, o.currency)
FROM orders_payment p JOIN orders_order o ON o.id = p.order_id
WHERE p.currency <> o.currency OR p.captured < p.refund_pending + p.refunded
  OR least(p.authorized, p.captured, p.refund_pending, p.refunded) < 0"""

INVARIANTS = [
    ("orders.totals", TOTALS_ADD_UP, "An order's amounts are the sums of its lines and charges."),
    ("orders.kits", KIT_SHARES_ADD_UP, "The shares of a kit's components add up to its price."),
    ("orders.counters", COUNTERS_ADD_UP, "Every ordered unit is in exactly one state."),
    (
        "orders.allocations",
        ALLOCATIONS_ARE_COUNTED,
        "The allocations of an order line add up to its counter.",
    ),
    (
        "orders.reservations",
        RESERVATIONS_COVER,
        "What is open or backordered on a live order is reserved, and nothing else is.",
    ),
    (
        "orders.fulfillment_status",
        FULFILLMENT_STATUS,
        "The fulfillment status follows from the counters.",
    ),
    ("orders.payment_status", PAYMENT_STATUS, "The payment status follows from the payments."),
    ("orders.status", STATUS_FITS_COUNTERS, "An order's status fits its counters."),
    ("orders.holds", HOLDS_ARE_COUNTED, "An order counts its holds."),
    (
        "orders.invoiced",
        INVOICED_WITHIN_GOODS,
        "No more is invoiced than was shipped, or (prepaid) ordered and kept.",
    ),
    ("orders.invoice_lines", INVOICE_LINES_ADD_UP, "An invoice is the sum of its lines."),
    ("orders.credits", CREDIT_WITHIN_INVOICE, "No more is credited than was invoiced."),
    (
        "orders.invoice_numbers",
        INVOICE_NUMBERS_HAVE_NO_GAPS,
        "Invoices and credit notes are numbered without gaps.",
    ),
    ("orders.payments", PAYMENTS_FIT, "Payments are in the order's currency and cover refunds."),
]
