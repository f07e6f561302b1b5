"""Bins in walking order; lots by expiry."""

from fulfillment.pick_path import Stop, Want, plan_picks
from fulfillment.tracking import is_tracking_number, tracking_number

MUG, TEA = 1, 2


def at(bin_id: int, product: int, quantity: int, **more: object) -> Stop:
    return Stop(bin_id, bin_id * 10, f"B{bin_id}", product, quantity, **more)  # type: ignore[arg-type]


def test_the_nearest_bin_on_the_walk_that_has_all_is_taken() -> None:
    picks, short = plan_picks([Want(7, MUG, 3)], [at(1, MUG, 1), at(2, MUG, 5), at(3, MUG, 9)])

    assert [(p.stop.bin_id, p.quantity) for p in picks] == [(2, 3)]
    assert short == []


def test_where_no_bin_has_all_several_are_visited_along_the_walk() -> None:
    picks, _ = plan_picks([Want(7, MUG, 6)], [at(1, MUG, 1), at(2, MUG, 3), at(3, MUG, 4)])

    assert [(p.stop.bin_id, p.quantity) for p in picks] == [(1, 1), (2, 3), (3, 2)]


def test_lots_are_emptied_in_the_order_given() -> None:
    soon, late = at(5, TEA, 2, lot_id=2), at(1, TEA, 9, lot_id=1)

    picks, _ = plan_picks([Want(7, TEA, 3)], [soon, late])

    assert {(p.stop.lot_id, p.quantity) for p in picks} == {(2, 2), (1, 1)}


def test_two_lines_never_get_the_same_units() -> None:
    picks, short = plan_picks([Want(7, MUG, 3), Want(8, MUG, 3)], [at(1, MUG, 4)])

    assert [(p.shipment_line_id, p.quantity) for p in picks] == [(7, 3), (8, 1)]
    assert short == [Want(8, MUG, 2)]


def test_the_list_is_sorted_by_the_walk_across_lines() -> None:
    picks, _ = plan_picks([Want(7, MUG, 1), Want(8, TEA, 1)], [at(9, MUG, 1), at(4, TEA, 1)])

    assert [p.shipment_line_id for p in picks] == [8, 7]


def test_each_serial_number_is_its_own_pick() -> None:
    stops = [at(1, MUG, 1, serial="S1"), at(1, MUG, 1, serial="S2")]

    picks, _ = plan_picks([Want(7, MUG, 2)], stops)

    assert [p.stop.serial for p in picks] == ["S1", "S2"]


def test_a_tracking_number_carries_a_check_digit() -> None:
    number = tracking_number(4711)

    assert number == "OMS00000047119"[:13] + number[-1]
    assert is_tracking_number(number)
    assert not is_tracking_number(number[:-2] + number[-1] + number[-2] + "0")
    assert not is_tracking_number("OMS00000047110" if number[-1] != "0" else "OMS00000047111")
