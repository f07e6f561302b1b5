"""Customers and their addresses."""

from __future__ import annotations

import dataclasses
from typing import Any

from django.db import transaction

from oms.core import activity
from oms.core.actors import Actor
from oms.core.addresses import Address
from orders.models import Customer, CustomerAddress


@transaction.atomic
def create_customer(
    *, name: str, actor: Actor, ship_to: Address | None = None, **facts: Any
) -> Customer:
    """Enter a customer, with a first address that counts for shipping and billing.

    :raises ValidationError: a fact does not fit its column.
    """
    customer = Customer(name=name, **facts)
    customer.full_clean(exclude=["number", "created_at"])
    customer.save()
    customer.refresh_from_db()
    activity.record(customer, "created", actor=actor)
    if ship_to:
        add_address(
            customer_id=customer.pk, address=ship_to, is_ship_to=True, is_bill_to=True, actor=actor
        )
    return customer


@transaction.atomic
def add_address(
    *,
    customer_id: int,
    address: Address,
    actor: Actor,
    title: str = "",
    is_ship_to: bool = False,
    is_bill_to: bool = False,
) -> CustomerAddress:
    """Add an address; as the new default it takes over from the one before.

    :raises ValidationError: a part does not fit its column.
    """
    customer = Customer.objects.lock(customer_id)
    if is_ship_to:
        customer.addresses.filter(is_ship_to=True).update(is_ship_to=False)
    if is_bill_to:
        customer.addresses.filter(is_bill_to=True).update(is_bill_to=False)
    row = CustomerAddress(
        customer=customer,
        title=title,
        is_ship_to=is_ship_to,
        is_bill_to=is_bill_to,
        **dataclasses.asdict(address),
    )
    row.full_clean()
    row.save()
    activity.record(customer, "address added", actor=actor, new=title or address.city)
    return row


@transaction.atomic
def set_default_address(*, customer_id: int, address: Address, actor: Actor) -> CustomerAddress:
    """Make this the address that the customer's goods go to; the one before is changed to it.

    :raises ValidationError: a part does not fit its column.
    """
    customer = Customer.objects.lock(customer_id)
    row = customer.addresses.filter(is_ship_to=True).first()
    if row is None:
        return add_address(customer_id=customer_id, address=address, actor=actor, is_ship_to=True)
    if row.to_address() == address:
        return row
    for column, value in dataclasses.asdict(address).items():
        setattr(row, column, value)
    row.full_clean()
    row.save()
    activity.record(customer, "address changed", actor=actor, new=address.city)
    return row
