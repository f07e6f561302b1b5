from collections.abc import Callable

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.test import RequestFactory

from oms.core.idempotency import FIELD, new_key, once
from oms.core.models import Counter, FormKey
from oms.core.numbering import next_gap_free

pytestmark = pytest.mark.django_db


def post(view: Callable[[HttpRequest], HttpResponse], key: str, **data: str) -> HttpResponse:
    request = RequestFactory().post("/do/", {FIELD: key, **data})
    request.user = AnonymousUser()
    return view(request)


@once
def work(request: HttpRequest) -> HttpResponse:
    number = next_gap_free("work")
    if "refuse" in request.POST:
        return HttpResponse("No.", status=422)
    return HttpResponseRedirect(f"/done/{number}/")


def test_the_second_post_of_a_form_leads_to_the_first_ones_answer() -> None:
    key = new_key()

    first, second = post(work, key), post(work, key)

    assert first["Location"] == second["Location"] == "/done/1/"
    assert Counter.objects.get(series="work").last == 1


def test_two_forms_are_two_works() -> None:
    assert post(work, new_key())["Location"] == "/done/1/"
    assert post(work, new_key())["Location"] == "/done/2/"


def test_a_refused_form_leaves_nothing_and_may_be_sent_again() -> None:
    key = new_key()

    assert post(work, key, refuse="1").status_code == 422
    assert not FormKey.objects.exists()
    assert not Counter.objects.exists()
    assert post(work, key)["Location"] == "/done/1/"


def test_a_form_without_a_key_is_refused() -> None:
    answer = post(work, "")

    assert answer.status_code == 400
    assert not Counter.objects.exists()


def test_keys_are_long_and_all_different() -> None:
    keys = {new_key() for _ in range(1_000)}

    assert len(keys) == 1_000
    assert all(len(key) == 22 for key in keys)
