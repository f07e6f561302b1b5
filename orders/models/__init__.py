from orders.models.channel import ChannelShare, ExternalReference, SalesChannel
from orders.models.customer import (
    Customer,
    CustomerAddress,
    CustomerReference,
    PriceList,
)
from orders.models.invoice import AccountEntry, Invoice, InvoiceLine
from orders.models.line import Charge, OrderLine
from orders.models.order import Hold, Order, OrderAddress, SearchTerm
from orders.models.payment import Payment

__all__ = [
    "AccountEntry",
    "ChannelShare",
    "Charge",
    "Customer",
    "CustomerAddress",
    "CustomerReference",
    "ExternalReference",
    "Hold",
    "Invoice",
    "InvoiceLine",
    "Order",
    "OrderAddress",
    "OrderLine",
    "Payment",
    "PriceList",
    "SalesChannel",
    "SearchTerm",
]
