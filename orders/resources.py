"""Import and export of customers with the address they are shipped to."""

from __future__ import annotations

from typing import Any

from import_export import fields, resources, widgets

from oms.core.actors import SYSTEM, Actor
from oms.core.addresses import Address
from orders.models import Customer, PriceList
from orders.services.customers import set_default_address

ADDRESS = ("company", "street", "city", "region", "postcode", "country")


class CustomerResource(resources.ModelResource):
    """A row with a number changes that customer, one without makes a new one.

    The ``ship_to_…`` columns are the default ship-to; left out or empty, the address stays as it is.
    """

    number = fields.Field("number", "number", readonly=True)
    price_list = fields.Field(
        "price_list", "price_list", widget=widgets.ForeignKeyWidget(PriceList, "code")
    )
    ship_to_company = fields.Field(column_name="ship_to_company", readonly=True)
    ship_to_street = fields.Field(column_name="ship_to_street", readonly=True)
    ship_to_city = fields.Field(column_name="ship_to_city", readonly=True)
    ship_to_region = fields.Field(column_name="ship_to_region", readonly=True)
    ship_to_postcode = fields.Field(column_name="ship_to_postcode", readonly=True)
    ship_to_country = fields.Field(column_name="ship_to_country", readonly=True)

    class Meta:
        model = Customer
        import_id_fields = ("number",)
        clean_model_instances = True
        skip_unchanged = False
        use_transactions = True
        fields = (
            *("number", "kind", "name", "email", "phone", "tax_id", "settlement", "terms_days"),
            *("credit_limit", "currency", "language", "price_list", "is_active"),
            *(f"ship_to_{part}" for part in ADDRESS),
        )
        export_order = fields

    def get_queryset(self) -> Any:
        return Customer.objects.select_related("price_list").prefetch_related("addresses")

    def before_import_row(self, row: dict[str, Any], **_: Any) -> None:
        number = str(row.get("number") or "").strip()
        if number and not Customer.objects.filter(number=number).exists():
            raise ValueError(
                f"There is no customer {number}; leave the number empty for a new one."
            )
        if any("\x00" in str(value) for value in row.values()):
            raise ValueError("The row contains characters that cannot be stored.")

    def after_save_instance(self, instance: Customer, row: dict[str, Any], **facts: Any) -> None:
        parts = {part: str(row.get(f"ship_to_{part}") or "").strip() for part in ADDRESS}
        if not any(parts.values()):
            return
        user = facts.get("user")
        set_default_address(
            customer_id=instance.pk,
            address=Address(**parts),
            actor=Actor.of(user) if user else SYSTEM,
        )

    def _ship_to(self, customer: Customer, part: str) -> str:
        found = [each for each in customer.addresses.all() if each.is_ship_to]
        return str(getattr(found[0], part)) if found else ""

    def dehydrate_ship_to_company(self, customer: Customer) -> str:
        return self._ship_to(customer, "company")

    def dehydrate_ship_to_street(self, customer: Customer) -> str:
        return self._ship_to(customer, "street")

    def dehydrate_ship_to_city(self, customer: Customer) -> str:
        return self._ship_to(customer, "city")

    def dehydrate_ship_to_region(self, customer: Customer) -> str:
        return self._ship_to(customer, "region")

    def dehydrate_ship_to_postcode(self, customer: Customer) -> str:
        return self._ship_to(customer, "postcode")

    def dehydrate_ship_to_country(self, customer: Customer) -> str:
        return self._ship_to(customer, "country")
