"""Whom the demo company buys from, when it orders again, and who is told when something runs out."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from decimal import Decimal

from channels.services.demo_company import DATA, Company, SoldProduct
from inventory.models import NoticeRecipient, ReorderRule, Supplier, SupplierProduct

DISCOUNT = Decimal("0.94")
FOUR_PLACES = Decimal("0.0001")


def add_supply(company: Company) -> None:
    """Enter suppliers with what they sell, reorder rules for every shelf, and the notices."""
    config = tomllib.loads((DATA / "suppliers.toml").read_text())
    for data in config["suppliers"]:
        prefixes = tuple(data.pop("prefixes"))
        supplier = Supplier.objects.create(currency=company.currency, company=data["title"], **data)
        SupplierProduct.objects.bulk_create(
            _offer(supplier, sold)
            for sold in company.plain_products()
            if sold.product.sku.startswith(prefixes)
        )
    ReorderRule.objects.bulk_create(_reorder_rules(company))
    NoticeRecipient.objects.bulk_create(_recipients(company))


def _offer(supplier: Supplier, sold: SoldProduct) -> SupplierProduct:
    product = sold.product
    return SupplierProduct(
        supplier=supplier,
        product=product,
        part_number=f"{supplier.code[:2]}-{product.pk:05}",
        price=((product.cost or Decimal(0)) * DISCOUNT).quantize(FOUR_PLACES),
        pack_quantity=product.pack_size,
        min_quantity=product.pack_size,
        is_preferred=True,
    )


def _reorder_rules(company: Company) -> Iterator[ReorderRule]:
    """By hand for the scarce ones, everywhere; the first warehouse has its rest computed."""
    scarce = {*company.config["scarce"], *company.config["out_of_stock"]}
    for warehouse in company.warehouses:
        for sold in company.plain_products():
            by_hand = sold.product.sku in scarce
            if not by_hand and warehouse != company.warehouses[0]:
                continue
            yield ReorderRule(
                warehouse=warehouse,
                product=sold.product,
                method=ReorderRule.Method.HAND if by_hand else ReorderRule.Method.COMPUTED,
                point=5 if by_hand else 0,
                target=20 if by_hand else 0,
            )


def _recipients(company: Company) -> Iterator[NoticeRecipient]:
    lamp = company.products["LMP-HD-400"].product
    audience, occasion = NoticeRecipient.Audience, NoticeRecipient.Occasion
    buying = "buying@harborline.example"
    yield NoticeRecipient(audience=audience.BUYER, occasion=occasion.LOW, email=buying)
    yield NoticeRecipient(audience=audience.BUYER, occasion=occasion.OUT, email=buying)
    yield NoticeRecipient(
        product=lamp,
        audience=audience.SUPPLIER,
        occasion=occasion.OUT,
        email="orders@lumen.example",
    )
    yield NoticeRecipient(
        product=company.products["SET-PACK-START"].product,
        audience=audience.PRODUCTION,
        occasion=occasion.OUT,
        email="production@harborline.example",
    )
