"""Rules behind a wider one are never reached. No database."""

from decimal import Decimal
from typing import Any

import pytest

from fulfillment.rule_order import covers, unreachable
from fulfillment.rules import OrderFilter, Otherwise, Rule


def rule(key: int, otherwise: Otherwise = Otherwise.BACKORDER, **orders: Any) -> Rule:
    return Rule(key, f"Rule {key}", OrderFilter(**orders), otherwise=otherwise)


def test_nothing_comes_behind_a_rule_for_every_order() -> None:
    every, german = rule(1), rule(2, countries=frozenset({"DE"}))

    assert unreachable([every, german]) == [(german, every)]
    assert unreachable([german, every]) == []


def test_a_rule_that_hands_on_leaves_orders_to_those_behind_it() -> None:
    every, german = rule(1, Otherwise.NEXT_RULE), rule(2, countries=frozenset({"DE"}))

    assert unreachable([every, german]) == []


def test_the_first_rule_that_takes_them_all_is_named() -> None:
    shop, every, desk = rule(1, channels=frozenset({1})), rule(2), rule(3, channels=frozenset({1}))

    assert unreachable([shop, every, desk]) == [(desk, shop)]


def test_the_same_filter_twice_leaves_the_second_without_orders() -> None:
    first, second = (rule(key, tags=frozenset({"gift"})) for key in (1, 2))

    assert unreachable([first, second]) == [(second, first)]


@pytest.mark.parametrize(
    ("wide", "narrow", "is_covered"),
    [
        ({}, {"profile": "b2b"}, True),
        ({"profile": "b2b"}, {}, False),
        ({"profile": "b2b"}, {"profile": "b2c"}, False),
        ({"countries": frozenset({"DE", "AT"})}, {"countries": frozenset({"AT"})}, True),
        ({"countries": frozenset({"AT"})}, {"countries": frozenset({"DE", "AT"})}, False),
        ({"tags": frozenset({"a"})}, {"tags": frozenset({"a", "b"})}, False),
        ({"value_from": Decimal(100)}, {"value_from": Decimal(500)}, True),
        ({"value_from": Decimal(500)}, {"value_from": Decimal(100)}, False),
        ({"value_to": Decimal(500)}, {"value_to": Decimal(100)}, True),
        ({"value_to": Decimal(500)}, {}, False),
        ({"priority_from": 1}, {"priority_from": 2}, True),
        ({"priority_from": 1}, {}, False),
        ({"channels": frozenset({1})}, {"channels": frozenset({1}), "profile": "b2b"}, True),
    ],
)
def test_a_filter_covers_what_it_takes_in_whole(
    wide: dict[str, Any], narrow: dict[str, Any], is_covered: bool
) -> None:
    assert covers(OrderFilter(**wide), OrderFilter(**narrow)) is is_covered
