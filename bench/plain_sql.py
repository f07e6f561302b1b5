"""The yardstick: the same minimal rows through plain psycopg2, without ledger, events or screens."""

from __future__ import annotations

import random
from typing import Any

import psycopg2
from django.db import connection
from psycopg2.extras import execute_values

from bench.clients import run_clients
from bench.figures import Figure

TABLES = """
CREATE TABLE plain_order (id bigserial PRIMARY KEY, number text, status text);
CREATE TABLE plain_line (id bigserial PRIMARY KEY, order_id bigint, product int, quantity int);
CREATE TABLE plain_shipment (id bigserial PRIMARY KEY, order_id bigint, warehouse int);
CREATE TABLE plain_shipment_line (shipment_id bigint, line_id bigint, quantity int);
CREATE TABLE plain_level (warehouse int, product int, on_hand int, allocated int DEFAULT 0,
    PRIMARY KEY (warehouse, product), CHECK (allocated <= on_hand));
INSERT INTO plain_level SELECT w, p, 1000000 FROM generate_series(1, 3) w, generate_series(1, 1000) p
"""


def measure(quick: bool) -> list[Figure]:
    with connection.cursor() as cursor:
        cursor.execute(TABLES)
    orders = 100 if quick else 1_500
    parameters = connection.get_connection_params()
    parameters.pop("cursor_factory", None)
    parameters.pop("context", None)
    figures = []
    for processes in (1, 2):
        seconds, _ = run_clients(processes, lambda n: _client(parameters, n, orders))
        rate = processes * orders / seconds
        note = "9 statements, 2 commits, an order"
        figures.append(Figure(f"plain psycopg2, {processes} process(es)", rate, "orders/s", note))
    return figures


def _client(parameters: dict[str, Any], number: int, orders: int) -> None:
    rng = random.Random(number)
    with psycopg2.connect(**parameters) as link, link.cursor() as cursor:
        for n in range(orders):
            wanted = [(product, rng.randint(1, 5)) for product in rng.sample(range(1, 1001), 3)]
            lines = _take(cursor, f"{number}-{n}", wanted)
            link.commit()
            _route(cursor, lines, rng.randint(1, 3))
            link.commit()


def _take(cursor: Any, number: str, wanted: list[tuple[int, int]]) -> list[Any]:
    cursor.execute("INSERT INTO plain_order VALUES (DEFAULT, %s, 'placed') RETURNING id", [number])
    (order,) = cursor.fetchone()
    rows = [(order, product, quantity) for product, quantity in wanted]
    sql = "INSERT INTO plain_line (order_id, product, quantity) VALUES %s RETURNING *"
    return list(execute_values(cursor, sql, rows, fetch=True))


def _route(cursor: Any, lines: list[Any], warehouse: int) -> None:
    order = lines[0][1]
    cursor.execute("SELECT 1 FROM plain_order WHERE id = %s FOR NO KEY UPDATE", [order])
    products = [line[2] for line in lines]
    cursor.execute("SELECT * FROM plain_level WHERE product = ANY(%s)", [products])
    sql = "INSERT INTO plain_shipment VALUES (DEFAULT, %s, %s) RETURNING id"
    cursor.execute(sql, [order, warehouse])
    (shipment,) = cursor.fetchone()
    rows = [(shipment, line[0], line[3]) for line in lines]
    execute_values(cursor, "INSERT INTO plain_shipment_line VALUES %s", rows)
    cursor.execute("UPDATE plain_order SET status = 'in_fulfillment' WHERE id = %s", [order])
    cursor.execute(
        "SELECT 1 FROM plain_level WHERE warehouse = %s AND product = ANY(%s)"
        " ORDER BY product FOR NO KEY UPDATE",
        [warehouse, products],
    )
    execute_values(
        cursor,
        "UPDATE plain_level l SET allocated = allocated + v.quantity FROM (VALUES %s)"
        " AS v (warehouse, product, quantity) WHERE l.warehouse = v.warehouse"
        " AND l.product = v.product AND on_hand - allocated >= v.quantity",
        [(warehouse, line[2], line[3]) for line in lines],
    )
