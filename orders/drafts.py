"""What somebody wants to order, as plain data, and what is wrong with it. Pure.

Every source (desk, file, API, connector) fills in these drafts; ``orders.services.intake`` takes them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from operator import attrgetter, gt
from typing import NamedTuple

from oms.core.addresses import Address
from oms.core.money import UnknownCurrency, round_amount
from orders.exceptions import LineProblem
from orders.totals import ZERO

__all__ = [
    "ChargeDraft",
    "Component",
    "LineDraft",
    "LineProblem",
    "OrderDraft",
    "Party",
    "ProductFacts",
    "Products",
    "problems_of_facts",
    "problems_of_shape",
    "problems_of_sums",
    "problems_of_tags",
    "product_of",
]

MAX_QUANTITY = 2_147_483_647
MAX_PRICE = Decimal(10) ** 10
MAX_AMOUNT = Decimal(10) ** 11
PRICE_PLACES = Decimal("0.0001")
RATE_PLACES = Decimal("0.001")
CHARGE_LIMIT = 200
MOST_TAGS = 20
PRIORITIES = range(-32_768, 32_768)
CHARGE_KINDS = frozenset(
    {"carriage", "discount", "manual", "samples", "fee", "voucher", "difference"}
)
SETTLEMENTS = frozenset({"on_account", "prepaid"})
TAG = re.compile(r"[\w][\w .:+-]{0,31}")
COUNTRY = re.compile(r"[A-Z]{2}")
ORDER_LIMITS = {"external_id": 128, "customer_po_number": 64, "note": 10_000, "locale": 16}
LINE_LIMITS = {"sku": 64, "description": 200, "external_id": 128, "price_source": 16}
ADDRESS_LIMITS = {
    "name": 200,
    "company": 200,
    "street": 2_000,
    "city": 120,
    "region": 120,
    "postcode": 20,
    "country": 2,
    "country_label": 100,
    "phone": 50,
    "email": 254,
}


@dataclass(slots=True)
class LineDraft:
    """So many units of a product at a price; a kit counts in sets.

    ``product_id`` spares the look-up by SKU. ``description`` defaults to the product's name.
    """

    sku: str
    quantity: int
    unit_price: Decimal
    description: str = ""
    discount_amount: Decimal = ZERO
    tax_rate: Decimal = ZERO
    ship_to: Address | None = None
    requested_date: date | None = None
    external_id: str = ""
    product_id: int | None = None
    price_source: str = "manual"


@dataclass(slots=True)
class ChargeDraft:
    """An amount that is no product; ``kind`` is one of ``CHARGE_KINDS``. Discounts are negative."""

    kind: str
    net_amount: Decimal
    description: str = ""
    tax_rate: Decimal = ZERO


@dataclass(slots=True)
class OrderDraft:
    """An order as somebody asks for it.

    ``locale`` and ``settlement`` default to the customer's. ``total_amount`` is the channel's own
    total: what lines and charges do not explain becomes a charge "channel difference".
    """

    channel_id: int
    customer_id: int
    currency: str
    lines: list[LineDraft]
    ship_to: Address
    external_id: str = ""
    bill_to: Address | None = None
    charges: list[ChargeDraft] = field(default_factory=list)
    customer_po_number: str = ""
    priority: int = 0
    requested_date: date | None = None
    locale: str | None = None
    settlement: str | None = None
    note: str = ""
    sales_rep_id: int | None = None
    total_amount: Decimal | None = None
    linked_order_id: int | None = None
    tags: tuple[str, ...] = ()


class Party(NamedTuple):
    """What intake needs to know of a channel and a customer; None where there is none."""

    channel_name: str | None
    channel_currency: str
    prices_include_tax: bool
    channel_is_active: bool
    customer_name: str | None
    customer_currency: str
    customer_is_active: bool
    settlement: str
    terms_days: int
    language: str


class Component(NamedTuple):
    product_id: int
    sku: str
    name: str
    quantity: int
    cost: Decimal | None


class ProductFacts(NamedTuple):
    """What intake needs to know of a product."""

    id: int
    sku: str
    name: str
    is_active: bool
    is_kit: bool
    components: tuple[Component, ...] = ()


Products = Mapping[str | int, ProductFacts]


def problems_of_sums(total: Decimal, units: int) -> list[LineProblem]:
    """What only shows when an order is added up."""
    found = []
    if abs(total) >= MAX_AMOUNT:
        found.append(LineProblem(None, "lines", f"The total of the order is too large: {total}."))
    if units > MAX_QUANTITY:
        found.append(LineProblem(None, "lines", f"The order has too many units: {units}."))
    return found


def problems_of_shape(draft: OrderDraft) -> list[LineProblem]:
    """What can be seen without looking anything up."""
    found = [*_text_problems(draft), *_address_problems(draft), *_order_problems(draft)]
    for index, line in enumerate(draft.lines):
        found += [LineProblem(index, *problem) for problem in _line_problems(line, draft.currency)]
    for charge in draft.charges:
        found += [
            LineProblem(None, *problem) for problem in _charge_problems(charge, draft.currency)
        ]
    return found


def problems_of_facts(draft: OrderDraft, party: Party, products: Products) -> list[LineProblem]:
    """What is wrong against the channel, the customer and the products."""
    found = [LineProblem(None, *problem) for problem in _party_problems(draft, party)]
    for index, line in enumerate(draft.lines):
        product = product_of(line, products)
        if problem := _product_problem(line, product):
            found.append(LineProblem(index, "sku", problem))
        elif product and product.is_kit:
            most = max(component.quantity for component in product.components)
            if line.quantity * most > MAX_QUANTITY:
                found.append(LineProblem(index, "quantity", _too_many(line.quantity)))
    return found


def product_of(line: LineDraft, products: Products) -> ProductFacts | None:
    """The product of a line, by its key or its SKU."""
    return products.get(line.sku if line.product_id is None else line.product_id)


def _product_problem(line: LineDraft, product: ProductFacts | None) -> str | None:
    if product is None:
        return f"There is no product with the SKU {line.sku!r}."
    if not product.is_active:
        return f"The product {product.sku} is not active: it cannot be ordered."
    if product.is_kit and not product.components:
        return f"The kit {product.sku} has no components: it cannot be ordered."
    return None


def _party_problems(draft: OrderDraft, party: Party) -> Iterator[tuple[str, str]]:
    if party.channel_name is None:
        yield "channel", "There is no such sales channel."
    elif not party.channel_is_active:
        yield "channel", f"The sales channel {party.channel_name} is not active."
    if party.customer_name is None:
        yield "customer", "There is no such customer."
    elif not party.customer_is_active:
        yield "customer", f"The customer {party.customer_name} is not active."
    elif party.channel_name and draft.currency not in {
        party.channel_currency,
        party.customer_currency,
    }:
        sentence = (
            f"The order is in {draft.currency}, but {party.channel_name} sells in "
            f"{party.channel_currency} and the customer pays in {party.customer_currency}."
        )
        yield "currency", sentence


def _order_problems(draft: OrderDraft) -> Iterator[LineProblem]:
    if not draft.lines:
        yield LineProblem(None, "lines", "The order has no lines.")
    if draft.settlement is not None and draft.settlement not in SETTLEMENTS:
        yield LineProblem(None, "settlement", f"{draft.settlement!r} is no way to settle an order.")
    if draft.priority not in PRIORITIES:
        yield LineProblem(None, "priority", f"The priority {draft.priority} is out of range.")
    for sentence in problems_of_tags(draft.tags):
        yield LineProblem(None, "tags", sentence)
    if draft.total_amount is not None and (
        problem := _amount_problem(draft.total_amount, draft.currency)
    ):
        yield LineProblem(None, "total_amount", f"The total {problem}")
    try:
        round_amount(ZERO, draft.currency)
    except UnknownCurrency as error:
        yield LineProblem(None, "currency", str(error))


def problems_of_tags(tags: Sequence[str]) -> Iterator[str]:
    """Tags are short words: rules and filters name them."""
    for tag in tags:
        if not TAG.fullmatch(tag):
            yield f"{tag[:32]!r} is no tag: up to 32 letters, digits, spaces and . : + - _ make one."
    if len(tags) > MOST_TAGS:
        yield f"An order takes at most {MOST_TAGS} tags, not {len(tags)}."


def _line_problems(line: LineDraft, currency: str) -> Iterator[tuple[str, str]]:
    if not line.sku and line.product_id is None:
        yield "sku", "The SKU is missing."
    quantity_problem = _quantity_problem(line.quantity)
    if quantity_problem:
        yield "quantity", quantity_problem
    price_problem = _price_problem(line.unit_price)
    if price_problem:
        yield "unit_price", price_problem
    if problem := _rate_problem(line.tax_rate):
        yield "tax_rate", problem
    if problem := _discount_problem(
        line, currency, known=not quantity_problem and not price_problem
    ):
        yield "discount_amount", problem
    elif (
        not quantity_problem and not price_problem and line.unit_price * line.quantity >= MAX_AMOUNT
    ):
        yield "unit_price", "The amount of the line is too large."


def _quantity_problem(quantity: object) -> str | None:
    if type(quantity) is not int:
        return f"The quantity must be a whole number, not {str(quantity)[:32]!r}."
    if quantity <= 0:
        return f"The quantity must be above zero, not {quantity}."
    return _too_many(quantity) if quantity > MAX_QUANTITY else None


def _too_many(quantity: int) -> str:
    return f"The quantity {quantity} is too large: at most {MAX_QUANTITY} units go on a line."


def _price_problem(price: object) -> str | None:
    if not isinstance(price, Decimal) or not price.is_finite():
        return f"{str(price)[:32]!r} is not a price."
    if price < 0:
        return f"The price must not be negative, not {price}."
    if price >= MAX_PRICE:
        return f"The price {price} is too large."
    if price != price.quantize(PRICE_PLACES):
        return f"The price {price} has more than 4 decimal places."
    return None


def _rate_problem(rate: Decimal) -> str | None:
    if not rate:
        return None
    if not isinstance(rate, Decimal) or not rate.is_finite() or not 0 <= rate <= 100:
        return f"The tax rate must be between 0 and 100 percent, not {str(rate)[:32]}."
    if rate != rate.quantize(RATE_PLACES):
        return f"The tax rate {rate} has more than 3 decimal places."
    return None


def _discount_problem(line: LineDraft, currency: str, *, known: bool) -> str | None:
    discount = line.discount_amount
    if not discount:
        return None
    if problem := _amount_problem(discount, currency):
        return f"The discount {problem}"
    if discount < 0:
        return f"The discount must not be negative, not {discount}."
    try:
        if known and discount > round_amount(line.unit_price * line.quantity, currency):
            return f"The discount {discount} is larger than the amount of the line."
    except UnknownCurrency:
        pass
    return None


def _amount_problem(amount: object, currency: str) -> str | None:
    if not isinstance(amount, Decimal) or not amount.is_finite():
        return f"{str(amount)[:32]!r} is not an amount of money."
    if abs(amount) >= MAX_AMOUNT:
        return f"{amount} is too large."
    try:
        if round_amount(amount, currency) != amount:
            return f"{amount} has more decimal places than {currency} has."
    except UnknownCurrency:
        return None  # said once, for the order
    return None


def _charge_problems(charge: ChargeDraft, currency: str) -> Iterator[tuple[str, str]]:
    if charge.kind not in CHARGE_KINDS:
        yield "charges", f"There is no charge of kind {charge.kind!r}."
    if problem := _amount_problem(charge.net_amount, currency):
        yield "charges", f"The charge {problem}"
    if problem := _rate_problem(charge.tax_rate):
        yield "charges", problem


def _address_problems(draft: OrderDraft) -> Iterator[LineProblem]:
    for index, name, address in _addresses(draft):
        if address.country and not COUNTRY.fullmatch(address.country):
            sentence = f"{address.country!r} is not a country code (two capital letters, like DE)."
            yield LineProblem(index, f"{name}.country", sentence)
        elif name == "ship_to" and not address.country and not address.country_label:
            yield LineProblem(index, f"{name}.country", "The ship-to address names no country.")


def _addresses(draft: OrderDraft) -> Iterator[tuple[int | None, str, Address]]:
    yield None, "ship_to", draft.ship_to
    if draft.bill_to:
        yield None, "bill_to", draft.bill_to
    for index, line in enumerate(draft.lines):
        if line.ship_to:
            yield index, "ship_to", line.ship_to


def _text_problems(draft: OrderDraft) -> Iterator[LineProblem]:
    if _texts_are_fine(draft):
        return
    for index, name, text, limit in _texts(draft):
        if "\x00" in text or not _can_be_stored(text):
            sentence = f"The {_words(name)} contains characters that cannot be stored."
            yield LineProblem(index, name, sentence)
        elif len(text) > limit:
            sentence = f"The {_words(name)} is too long: {len(text)} characters, at most {limit}."
            yield LineProblem(index, name, sentence)


_order_texts = attrgetter(*ORDER_LIMITS)
_line_texts = attrgetter(*LINE_LIMITS)
_address_texts = attrgetter(*ADDRESS_LIMITS)


def _texts_are_fine(draft: OrderDraft) -> bool:
    """The whole draft at once: nearly every draft is fine, and a batch has thousands of texts."""
    texts = [text or "" for text in _order_texts(draft)]
    limits = [*ORDER_LIMITS.values()]
    for line in draft.lines:
        texts += _line_texts(line)
        limits += LINE_LIMITS.values()
    for _, _, address in _addresses(draft):
        texts += _address_texts(address)
        limits += ADDRESS_LIMITS.values()
    texts += [charge.description for charge in draft.charges]
    limits += [CHARGE_LIMIT] * len(draft.charges)
    whole = "".join(texts)
    return (
        "\x00" not in whole
        and (whole.isascii() or _can_be_stored(whole))
        and not any(map(gt, map(len, texts), limits))
    )


def _texts(draft: OrderDraft) -> Iterator[tuple[int | None, str, str, int]]:
    for name, limit in ORDER_LIMITS.items():
        yield None, name, getattr(draft, name) or "", limit
    for charge in draft.charges:
        yield None, "charges", charge.description, CHARGE_LIMIT
    for index, line in enumerate(draft.lines):
        for name, limit in LINE_LIMITS.items():
            yield index, name, getattr(line, name), limit
    for at, name, address in _addresses(draft):
        for part, limit in ADDRESS_LIMITS.items():
            yield at, f"{name}.{part}", getattr(address, part), limit


def _can_be_stored(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _words(name: str) -> str:
    return name.replace("ship_to.", "ship-to ").replace("bill_to.", "bill-to ").replace("_", " ")
