"""Inventory as tables: what a file may hold, and what is wrong across its rows."""

from inventory.resources.masters import (
    BinImporter,
    LotImporter,
    ProductImporter,
    WarehouseImporter,
)
from inventory.resources.stock import StockImporter
from inventory.resources.suppliers import SupplierImporter, SupplierPriceImporter

__all__ = [
    "BinImporter",
    "LotImporter",
    "ProductImporter",
    "StockImporter",
    "SupplierImporter",
    "SupplierPriceImporter",
    "WarehouseImporter",
]
