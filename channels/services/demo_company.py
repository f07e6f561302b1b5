"""The demo's company: people, warehouses, products, customers. Data in ``demo/``."""

from __future__ import annotations

import csv
import random
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group

from inventory.models import (
    Barcode,
    Bin,
    KitComponent,
    Product,
    Warehouse,
    WarehouseAccess,
)
from oms.core.addresses import Address
from oms.core.models import User
from orders.models import Customer, CustomerAddress, PriceList, SalesChannel

DATA = Path(__file__).parents[1] / "demo"
PASSWORD = "harborline-demo"  # noqa: S105 - shown to everybody who starts the demo
AISLES = "ABCD"
BAYS = 12
SHELVES = 3
PLACES = {
    "RECEIVE": Bin.Kind.RECEIVING,
    "STAGE-1": Bin.Kind.STAGING,
    "STAGE-2": Bin.Kind.STAGING,
    "QUAR-1": Bin.Kind.QUARANTINE,
    "RET-1": Bin.Kind.RETURNS,
    "MISSING": Bin.Kind.MISSING,
    **{f"TOTE-{n:02}": Bin.Kind.TOTE for n in range(1, 13)},
}


@dataclass(frozen=True, slots=True)
class SoldProduct:
    """A product with what the demo sells it for and how often."""

    product: Product
    price: Decimal
    popularity: int


@dataclass(slots=True)
class Company:
    """Everything that orders of the demo refer to."""

    config: Mapping[str, Any]
    random: random.Random
    channels: dict[str, SalesChannel] = field(default_factory=dict)
    warehouses: list[Warehouse] = field(default_factory=list)
    products: dict[str, SoldProduct] = field(default_factory=dict)
    customers: list[Customer] = field(default_factory=list)
    addresses: dict[int, Address] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)

    @property
    def currency(self) -> str:
        return str(self.config["currency"])

    def plain_products(self) -> list[SoldProduct]:
        """What a history order may hold: no kits."""
        return [each for each in self.products.values() if not each.product.is_kit]


def load_config() -> dict[str, Any]:
    """The company file."""
    return tomllib.loads((DATA / "company.toml").read_text())


def build_company(seed: int) -> Company:
    """Enter everything; the caller's transaction decides whether it stays."""
    company = Company(load_config(), random.Random(seed))  # noqa: S311 - demo data, not secrets
    _add_users(company)
    _add_channels(company)
    _add_warehouses(company)
    _add_products(company)
    _add_kits(company)
    _add_customers(company)
    return company


def _add_users(company: Company) -> None:
    password = make_password(PASSWORD)
    for data in company.config["users"]:
        user = User.objects.create(
            username=data["username"],
            first_name=data["title"],
            email=f"{data['username']}@harborline.example",
            password=password,
            is_staff=True,
        )
        user.groups.set([Group.objects.get(name=data["role"])])
        company.users[data["username"]] = user


def _add_channels(company: Company) -> None:
    for data in company.config["channels"]:
        company.channels[data["code"]] = SalesChannel.objects.create(
            code=data["code"], name=data["name"], currency=company.currency
        )


def _add_warehouses(company: Company) -> None:
    for data in company.config["warehouses"]:
        facts = {key: value for key, value in data.items() if key not in {"share", "cut_off"}}
        warehouse = Warehouse.objects.create(cut_off=time.fromisoformat(data["cut_off"]), **facts)
        company.warehouses.append(warehouse)
        Bin.objects.bulk_create(_bins(warehouse))
    WarehouseAccess.objects.bulk_create(
        WarehouseAccess(user=company.users["picker"], warehouse=warehouse)
        for warehouse in company.warehouses
    )


def _bins(warehouse: Warehouse) -> list[Bin]:
    """Shelves in the order in which a picker walks them: up one aisle, down the next."""
    bins: list[Bin] = []
    for a, aisle in enumerate(AISLES):
        bays = range(1, BAYS + 1) if a % 2 == 0 else range(BAYS, 0, -1)
        for bay in bays:
            for shelf in range(1, SHELVES + 1):
                code = f"{aisle}-{bay:02}-{shelf}"
                bins.append(Bin(warehouse=warehouse, code=code, walk_order=len(bins) + 1))
    bins += [Bin(warehouse=warehouse, code=code, kind=kind) for code, kind in PLACES.items()]
    return bins


def _add_products(company: Company) -> None:
    with (DATA / "products.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    lots, serials = company.config["lot_tracked"], company.config["serial_tracked"]
    products = [
        Product(
            sku=row["sku"],
            name=row["name"],
            unit=row["unit"],
            pack_size=int(row["pack_size"]),
            weight_kg=Decimal(row["weight_kg"]),
            length_mm=int(row["length_mm"]),
            width_mm=int(row["width_mm"]),
            height_mm=int(row["height_mm"]),
            hs_code=row["hs_code"],
            origin_country=row["origin"],
            cost=Decimal(row["cost"]),
            tracking="lot" if row["sku"] in lots else "serial" if row["sku"] in serials else "none",
            is_kit=row["sku"] in company.config["kits"],
        )
        for row in rows
    ]
    for product, row in zip(Product.objects.bulk_create(products), rows, strict=True):
        company.products[product.sku] = SoldProduct(
            product, Decimal(row["price"]), int(row["popularity"])
        )
    Barcode.objects.bulk_create(
        code for n, product in enumerate(products, start=1) for code in _barcodes(n, product)
    )


def _barcodes(n: int, product: Product) -> list[Barcode]:
    codes = [Barcode(product=product, code=ean13(f"20{n:010}"))]
    if product.pack_size > 1:
        case = ean13(f"21{n:010}")
        codes.append(Barcode(product=product, code=case, multiplier=product.pack_size))
    return codes


def ean13(twelve: str) -> str:
    """Twelve digits with their check digit; 20 and 21 are the prefixes for use inside a company."""
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(twelve))
    return f"{twelve}{-total % 10}"


def _add_kits(company: Company) -> None:
    KitComponent.objects.bulk_create(
        KitComponent(
            kit=company.products[kit].product,
            component=company.products[sku].product,
            quantity=quantity,
        )
        for kit, components in company.config["kits"].items()
        for sku, quantity in components.items()
    )


def _add_customers(company: Company) -> None:
    prices = PriceList.objects.create(code="b", name="List B", currency=company.currency)
    with (DATA / "customers.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    for number, row in enumerate(rows, start=1):
        is_business = row["kind"] == Customer.Kind.BUSINESS
        customer = Customer.objects.create(
            kind=row["kind"],
            name=row["name"],
            email=f"customer{number}@example.com",
            settlement=row["settlement"],
            terms_days=int(row["terms_days"]),
            credit_limit=Decimal(row["credit_limit"]) if row["credit_limit"] else None,
            currency=company.currency,
            language=row["language"],
            price_list=prices if is_business else None,
            sales_rep=company.users["sales"] if is_business else None,
            tax_id=f"{row['country']}{100_000_000 + number * 7_654_321}" if is_business else "",
        )
        address = Address(
            name="" if is_business else row["name"],
            company=row["name"] if is_business else "",
            street=row["street"],
            postcode=row["postcode"],
            city=row["city"],
            country=row["country"],
        )
        company.customers.append(customer)
        company.addresses[customer.pk] = address
        CustomerAddress.objects.create(
            customer=customer,
            title="Main address",
            is_ship_to=True,
            is_bill_to=True,
            **{name: getattr(address, name) for name in Address.__dataclass_fields__},
        )
