import pytest
from django.contrib.auth.models import AnonymousUser, Group
from django.core.exceptions import PermissionDenied
from django.core.management import call_command
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from oms.core import access
from oms.core.models import User
from tests.people import browser_of, make_person

pytestmark = pytest.mark.django_db


@access.requires("orders.view_order")
def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse("orders")


def get(user: User | AnonymousUser) -> HttpResponse:
    request = RequestFactory().get("/admin/orders/order/?view=late")
    request.user = user
    return page(request)


def test_a_visitor_is_led_to_the_login_and_back() -> None:
    answer = get(AnonymousUser())

    assert answer.status_code == 302
    assert answer["Location"].startswith("/admin/login/?next=/admin/orders/order/%3Fview%3Dlate")


def test_a_person_without_the_right_is_refused_by_its_name() -> None:
    with pytest.raises(PermissionDenied, match=r"orders\.view_order"):
        get(User.objects.create(username="nobody"))


def test_a_person_whose_role_has_the_right_comes_in() -> None:
    call_command("setup_roles")
    person = User.objects.create(username="desk")
    person.groups.add(Group.objects.get(name="sales_rep"))

    assert get(person).content == b"orders"


def test_a_person_who_left_does_not_come_in() -> None:
    call_command("setup_roles")
    person = User.objects.create(username="desk", is_active=False)
    person.groups.add(Group.objects.get(name="sales_rep"))

    with pytest.raises(PermissionDenied):
        get(person)


def test_the_groups_are_what_the_data_file_says() -> None:
    call_command("setup_roles")
    call_command("setup_roles")

    for role, permissions in access.matrix().items():
        group = Group.objects.get(name=role)
        held = {f"{p.content_type.app_label}.{p.codename}" for p in group.permissions.all()}
        assert held == set(permissions)


def test_only_those_who_handle_goods_or_money_may() -> None:
    matrix = access.matrix()

    assert {role for role, held in matrix.items() if "fulfillment.ship" in held} == {
        "manager",
        "warehouse",
    }
    assert {role for role, held in matrix.items() if "orders.record_payment" in held} == {"manager"}


@pytest.mark.django_db
def test_a_new_user_can_sign_in_and_roles_carry_their_titles() -> None:
    browser = browser_of(make_person("administrator"))
    fields = {"username": "newhand", "usable_password": "true"}
    secret = {"password1": "a-long-harbor-42x", "password2": "a-long-harbor-42x"}

    answer = browser.post("/admin/core/user/add/", fields | secret, follow=True)

    assert User.objects.get(username="newhand").is_staff
    assert "Support and returns" in answer.content.decode()
    listed = browser.get("/admin/core/user/").content.decode()
    assert '<td class="field-role_names">Administrator</td>' in listed
