from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from oms.core.actors import SYSTEM
from oms.core.cases import close_case, open_case
from oms.core.models import Case, Counter
from oms.core.numbering import next_gap_free
from orders.models import Customer

pytestmark = pytest.mark.django_db


def test_a_rolled_back_number_is_given_again() -> None:
    assert next_gap_free("INV") == 1
    with pytest.raises(RuntimeError), transaction.atomic():
        assert next_gap_free("INV") == 2
        raise RuntimeError

    assert next_gap_free("INV") == 2


@pytest.mark.django_db(transaction=True)
def test_sixteen_threads_draw_every_number_once() -> None:
    def draw(_: int) -> int:
        try:
            with transaction.atomic():
                return next_gap_free("INV")
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as pool:
        numbers = list(pool.map(draw, range(160)))

    assert sorted(numbers) == list(range(1, 161))
    assert Counter.objects.get(series="INV").last == 160


def test_documents_get_their_number_from_the_database() -> None:
    first = Customer.objects.create(name="Larkfield Outdoor Co.")
    second = Customer.objects.create(name="Oakline Kitchens Ltd.")

    prefix, number = first.number.split("-")
    assert prefix == "C"
    assert second.number == f"C-{int(number) + 1}"


def test_one_cause_has_one_open_case() -> None:
    for _ in range(3):
        open_case(kind="short", dedupe_key="pick:7", sentence="Two are missing in A-07.")

    case = Case.objects.get()
    assert case.times == 3
    assert close_case("pick:7", actor=SYSTEM)
    assert not close_case("pick:7")


def test_a_cause_that_comes_back_opens_a_new_case() -> None:
    open_case(kind="short", dedupe_key="pick:7", sentence="Two are missing in A-07.")
    close_case("pick:7")

    open_case(kind="short", dedupe_key="pick:7", sentence="One is missing in A-07.")

    assert Case.objects.count() == 2
    assert Case.objects.get(closed_at=None).sentence == "One is missing in A-07."
