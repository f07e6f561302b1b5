"""A correction at the screen: the effect first, four eyes above the limit, undone by its mirror."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from django.test import Client

from inventory import ports
from inventory.models import AdjustmentReason, StockAdjustment, StockLevel
from inventory.services.claims import AllocationRequest, allocate, deallocate
from oms.core import invariants
from oms.core.actors import SYSTEM, Actor
from oms.core.models import Case
from tests.factories import WarehouseSetup, add_stock, make_product, make_warehouse
from tests.people import browser_of, key_on, make_person

LIST = "/admin/inventory/adjustment/"
ADD = f"{LIST}add/"
_keys = count()


@pytest.fixture
def place(db: None) -> WarehouseSetup:
    AdjustmentReason.objects.update_or_create(
        code="damaged", defaults={"title": "Damaged", "limit_amount": Decimal(50)}
    )
    setup = make_warehouse("BER")
    add_stock(setup, make_product("LAMP", cost=Decimal(10)), 20)
    return setup


@pytest.fixture
def picker(place: WarehouseSetup) -> Client:
    return browser_of(make_person("warehouse", "anna", at=place.warehouse))


@pytest.fixture
def manager(place: WarehouseSetup) -> Client:
    return browser_of(make_person("manager"))


def ask(client: Client, units: str, **facts: str) -> Any:
    fields = {"warehouse": "BER", "product": "LAMP", "bin": "A-01", "mode": "fewer"}
    fields |= {"units": units, "reason": "damaged", "book": "1"} | facts
    return client.post(ADD, fields | {"form_key": key_on(client, ADD)})


def decide(client: Client, adjustment: StockAdjustment, action: str, **fields: str) -> int:
    page = f"{LIST}{adjustment.number}/"
    return client.post(
        f"{page}{action}/", {"form_key": f"form-key-{next(_keys)}"} | fields
    ).status_code


def on_hand() -> int:
    return StockLevel.objects.get().on_hand


def test_the_effect_is_shown_before_anything_is_booked(picker: Client) -> None:
    fields = {"warehouse": "BER", "product": "LAMP", "bin": "A-01", "mode": "new", "units": "17"}
    fields |= {"reason": "damaged", "form_key": key_on(picker, ADD)}
    page = picker.post(ADD, fields)

    effect = page.context["effect"]
    assert (effect.delta, effect.before.on_hand, effect.after.on_hand) == (-3, 20, 17)
    assert (effect.in_bin, effect.in_bin_after, effect.value) == (20, 17, Decimal(-30))
    assert "Book it" in page.content.decode()
    assert (StockAdjustment.objects.count(), on_hand()) == (0, 20)


def test_a_small_correction_is_booked_and_undone(picker: Client) -> None:
    assert ask(picker, "5").status_code == 302
    done = StockAdjustment.objects.get()
    assert (done.status, on_hand()) == ("posted", 15)

    assert decide(picker, done, "undo") == 302
    assert on_hand() == 20
    assert decide(picker, done, "undo") == 409
    assert StockAdjustment.objects.count() == 2
    assert invariants.violations() == []


def test_a_correction_above_the_limit_takes_four_eyes(picker: Client, manager: Client) -> None:
    assert ask(manager, "6").status_code == 302
    waiting = StockAdjustment.objects.get()
    page = f"{LIST}{waiting.number}/"
    assert (waiting.status, on_hand()) == ("pending", 20)
    assert page in manager.get("/admin/exceptions/").content.decode()
    assert waiting.number in manager.get(LIST).content.decode()

    assert decide(manager, waiting, "approve") == 409
    assert decide(picker, waiting, "approve") == 403
    assert (StockAdjustment.objects.get().status, on_hand()) == ("pending", 20)
    other = browser_of(make_person("manager", "boris"))
    assert decide(other, waiting, "approve") == 302

    assert (StockAdjustment.objects.get().status, on_hand()) == ("posted", 14)
    assert not Case.objects.filter(closed_at=None).exists()
    assert invariants.violations() == []


def test_a_correction_is_declined_with_a_word_on_why(picker: Client, manager: Client) -> None:
    ask(picker, "9")
    waiting = StockAdjustment.objects.get()

    assert decide(manager, waiting, "decline", note="count the bin first") == 302

    assert "count the bin first" in picker.get(f"{LIST}{waiting.number}/").content.decode()
    assert (StockAdjustment.objects.get().status, on_hand()) == ("declined", 20)


@pytest.mark.parametrize(
    "wrong",
    [
        {"product": "GHOST"}, {"bin": "Z-99"}, {"lot": "L1"}, {"units": "0"}, {"units": "-1"},
        {"reason": "mood"}, {"bin": "A-02"}, {"warehouse": "MOON"},
    ],
)  # fmt: skip
def test_a_wrong_form_comes_back_with_its_errors(picker: Client, wrong: dict[str, str]) -> None:
    answer = ask(picker, **({"units": "1"} | wrong))

    assert answer.status_code == 422
    assert (StockAdjustment.objects.count(), on_hand()) == (0, 20)


@pytest.fixture
def held(place: WarehouseSetup) -> AllocationRequest:
    level = StockLevel.objects.get()
    request = AllocationRequest(
        warehouse_id=place.pk, product_id=level.product_id, quantity=18,
        demand_kind="order_line", demand_id=404,
    )  # fmt: skip
    allocate([request], actor=SYSTEM)
    return request


def test_who_would_lose_an_allocation_is_named_first(
    picker: Client, held: AllocationRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def free(*, shortages: Mapping[int, int], actor: Actor, **_where: object) -> Mapping[int, int]:
        deallocate([held], actor=actor)
        return shortages

    monkeypatch.setattr(ports, "_shortage_resolvers", [free])

    refused = ask(picker, "3")

    page = refused.content.decode()
    assert refused.status_code == 422
    assert "1 allocated unit would not be covered any more" in page
    assert "order line 404" in page
    assert on_hand() == 20
    assert ask(picker, "3", take_back="1").status_code == 302
    level = StockLevel.objects.get()
    assert (level.on_hand, level.allocated) == (17, 0)
