"""What must always be true between order lines, shipments, picks, parcels and the books."""

from __future__ import annotations

ALL = [
    (
        "fulfillment.allocated_is_on_shipments",
        """
        SELECT 'Line ' || line.position || ' of ' || o.number || ' has ' || line.allocated
          || ' allocated, its shipments hold ' || COALESCE(s.waiting, 0)
        FROM orders_orderline line JOIN orders_order o ON o.id = line.order_id
        LEFT JOIN (
          SELECT part.order_line_id, sum(part.quantity - part.shipped) AS waiting
          FROM fulfillment_shipmentline part
          JOIN fulfillment_shipment shipment ON shipment.id = part.shipment_id
          WHERE shipment.status <> 'canceled' GROUP BY part.order_line_id) s
          ON s.order_line_id = line.id
        WHERE NOT o.is_history AND line.allocated <> COALESCE(s.waiting, 0)""",
        "What is allocated to an order line stands on shipments that have not left.",
    ),
    (
        "fulfillment.shipped_was_on_shipments",
        """
        SELECT 'Line ' || line.position || ' of ' || o.number || ' has ' || line.shipped
          || ' shipped, its shipments say ' || COALESCE(s.shipped, 0)
        FROM orders_orderline line JOIN orders_order o ON o.id = line.order_id
        LEFT JOIN (
          SELECT order_line_id, sum(shipped) AS shipped
          FROM fulfillment_shipmentline GROUP BY order_line_id) s ON s.order_line_id = line.id
        WHERE NOT o.is_history AND line.shipped <> COALESCE(s.shipped, 0)""",
        "What an order line counts as shipped left on its shipments.",
    ),
    (
        "fulfillment.allocation_is_where_it_ships",
        """
        SELECT 'Order line ' || demand_id || ' at warehouse ' || warehouse_id || ': '
          || sum(allocated) || ' allocated, ' || sum(waiting) || ' on shipments'
        FROM (
          SELECT demand_id, warehouse_id, quantity AS allocated, 0 AS waiting
          FROM inventory_allocation WHERE demand_kind = 'order_line'
          UNION ALL
          SELECT part.order_line_id, shipment.warehouse_id, 0, part.quantity - part.shipped
          FROM fulfillment_shipmentline part
          JOIN fulfillment_shipment shipment ON shipment.id = part.shipment_id
          WHERE shipment.status <> 'canceled') both_sides
        GROUP BY demand_id, warehouse_id HAVING sum(allocated) <> sum(waiting)""",
        "Units are allocated in the warehouse whose shipment they stand on.",
    ),
    (
        "fulfillment.picked_adds_up",
        """
        SELECT 'Line ' || part.id || ' of ' || shipment.number || ' has ' || part.picked
          || ' picked, its picks say ' || COALESCE(p.picked, 0)
        FROM fulfillment_shipmentline part
        JOIN fulfillment_shipment shipment ON shipment.id = part.shipment_id
        LEFT JOIN (
          SELECT shipment_line_id, sum(picked) AS picked FROM fulfillment_pick
          GROUP BY shipment_line_id) p ON p.shipment_line_id = part.id
        WHERE part.picked <> COALESCE(p.picked, 0)""",
        "A shipment line counts as picked what its picks took.",
    ),
    (
        "fulfillment.packed_adds_up",
        """
        SELECT 'Line ' || part.id || ' of ' || shipment.number || ': packed ' || part.packed
          || ', shipped ' || part.shipped || '; its parcels say ' || COALESCE(p.packed, 0)
          || ' and ' || COALESCE(p.shipped, 0)
        FROM fulfillment_shipmentline part
        JOIN fulfillment_shipment shipment ON shipment.id = part.shipment_id
        LEFT JOIN (
          SELECT content.shipment_line_id,
            sum(content.quantity) FILTER (WHERE parcel.status <> 'void') AS packed,
            sum(content.quantity) FILTER (WHERE parcel.status IN ('shipped', 'delivered'))
              AS shipped
          FROM fulfillment_parcelline content
          JOIN fulfillment_parcel parcel ON parcel.id = content.parcel_id
          GROUP BY content.shipment_line_id) p ON p.shipment_line_id = part.id
        WHERE part.packed <> COALESCE(p.packed, 0) OR part.shipped <> COALESCE(p.shipped, 0)""",
        "A shipment line counts as packed and shipped what its parcels hold.",
    ),
    (
        "fulfillment.units_add_up",
        """
        SELECT shipment.number || ' says ' || shipment.units || ' units, its lines ' || sum(quantity)
        FROM fulfillment_shipment shipment
        JOIN fulfillment_shipmentline part ON part.shipment_id = shipment.id
        GROUP BY shipment.id HAVING shipment.units <> sum(quantity)""",
        "A shipment's units are the sum of its lines.",
    ),
    (
        "fulfillment.state_fits_the_lines",
        """
        SELECT shipment.number || ' is ' || shipment.status || ', but not all its units are'
        FROM fulfillment_shipment shipment
        JOIN fulfillment_shipmentline part ON part.shipment_id = shipment.id
        GROUP BY shipment.id
        HAVING shipment.status IN ('picked', 'packed') AND sum(part.quantity - part.picked) > 0
          OR shipment.status = 'packed' AND sum(part.quantity - part.packed) > 0
          OR shipment.status IN ('shipped', 'delivered') AND sum(part.quantity - part.shipped) > 0""",
        "A shipment is picked, packed or shipped when every unit of it is.",
    ),
    (
        "fulfillment.picked_lies_in_staging",
        """
        SELECT product.sku || ' at ' || warehouse.code || ': ' || waiting.units
          || ' are picked and here, staging holds ' || COALESCE(there.units, 0)
        FROM (
          SELECT shipment.warehouse_id, wanted.product_id, sum(part.picked - part.shipped) AS units
          FROM fulfillment_shipment shipment
          JOIN fulfillment_shipmentline part ON part.shipment_id = shipment.id
          JOIN orders_orderline wanted ON wanted.id = part.order_line_id
          WHERE part.picked > part.shipped GROUP BY shipment.warehouse_id, wanted.product_id) waiting
        JOIN inventory_product product ON product.id = waiting.product_id
        JOIN inventory_warehouse warehouse ON warehouse.id = waiting.warehouse_id
        LEFT JOIN (
          SELECT bin.warehouse_id, content.product_id, sum(content.quantity) AS units
          FROM inventory_bincontent content JOIN inventory_bin bin ON bin.id = content.bin_id
          WHERE bin.kind IN ('staging', 'tote') GROUP BY bin.warehouse_id, content.product_id) there
          ON there.warehouse_id = waiting.warehouse_id AND there.product_id = waiting.product_id
        WHERE waiting.units > COALESCE(there.units, 0)""",
        "What is picked and has not left lies in staging or in a tote.",
    ),
    (
        "fulfillment.capacity_is_counted",
        """
        SELECT 'Warehouse ' || warehouse.code || ' counts ' || day.planned || ' shipments on '
          || day.date || ', there are ' || COALESCE(s.units, 0)
        FROM fulfillment_siteday day
        JOIN inventory_warehouse warehouse ON warehouse.id = day.warehouse_id
        LEFT JOIN (
          SELECT warehouse_id, capacity_date, count(*) AS units FROM fulfillment_shipment
          WHERE capacity_date IS NOT NULL GROUP BY warehouse_id, capacity_date) s
          ON s.warehouse_id = day.warehouse_id AND s.capacity_date = day.date
        WHERE day.planned <> COALESCE(s.units, 0)""",
        "A warehouse's day counts the shipments that take its capacity.",
    ),
]
