"""Returns as the generated screens show them."""

import pytest

from returns.models import Return
from tests.factories import make_channel, make_customer
from tests.people import browser_of, make_person


@pytest.mark.django_db
def test_a_sales_rep_sees_returns_of_own_customers_with_amounts_as_money() -> None:
    rep = make_person("sales_rep")
    own, other = make_customer("Own Trading", sales_rep=rep), make_customer("Other Trading")
    for customer in (own, other):
        Return.objects.create(
            channel=make_channel(), customer=customer, currency="EUR", credited_amount="1182.930"
        )

    page = browser_of(rep).get("/admin/returns/return/").content.decode()

    assert "Own Trading" in page
    assert "Other Trading" not in page
    assert "1,182.93 EUR" in page
