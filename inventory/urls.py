"""The staff pages of inventory, inside ``/admin/`` and ahead of the generated ones."""

from __future__ import annotations

import re

from django.urls import path, re_path, register_converter

from inventory.views import (
    adjustments,
    balance,
    compensation,
    count_papers,
    counts,
    product,
    purchase,
    purchase_actions,
    receiving,
    reorder,
    transfer_papers,
    transfer_receiving,
    transfers,
)

app_name = "inventory"


class SkuConverter:
    """A SKU as one part of a path.

    What a path cannot hold is written as ``~`` and two hex digits per byte; so is the first letter of
    a SKU that reads like a page of the generated admin.
    """

    regex = r"(?!(?:add|import|export)/)[^/]+"
    _unsafe = re.compile(r"[^A-Za-z0-9._ -]")
    _escaped = re.compile(r"(?:~[0-9A-F]{2})+")
    _reserved = frozenset({"add", "import", "export", ".", ".."})

    def to_python(self, value: str) -> str:
        try:
            return self._escaped.sub(lambda m: bytes.fromhex(m[0].replace("~", "")).decode(), value)
        except UnicodeDecodeError:
            raise ValueError(value) from None

    def to_url(self, value: str) -> str:
        if value in self._reserved:
            return self._escape(value[0]) + value[1:]
        return self._unsafe.sub(lambda m: self._escape(m[0]), value)

    @staticmethod
    def _escape(letter: str) -> str:
        return "".join(f"~{byte:02X}" for byte in letter.encode())


register_converter(SkuConverter, "sku")

COUNT = r"^inventory/count/(?P<number>[A-Z]{1,6}-[0-9]{1,20})/"
PURCHASE = r"^inventory/purchaseorder/(?P<number>[A-Z]{1,6}-[0-9]{1,20})/"
PAPER = "papers/(?P<paper_id>[0-9]{1,18})/"
RECEIPT = r"^inventory/receipt/(?P<number>[A-Z]{1,6}-[0-9]{1,20})/"
ADJUSTMENT = r"^inventory/adjustment/(?P<number>[A-Z]{1,6}-[0-9]{1,20})/"
TRANSFER = r"^inventory/transfer/(?P<number>[A-Z]{1,6}-[0-9]{1,20})/"

urlpatterns = [
    path("inventory/product/", product.product_list, name="product_list"),
    path("inventory/product/<sku:sku>/", product.product_page, name="product_page"),
    path("inventory/product/<sku:sku>/ledger.csv", product.ledger_csv, name="ledger_csv"),
    path(
        "inventory/product/<sku:sku>/compensation/",
        compensation.compensation,
        name="compensation",
    ),
    path("inventory/count/", counts.count_list, name="stockcount_list"),
    path("inventory/count/add/", counts.add_count, name="stockcount_add"),
    re_path(COUNT + "$", counts.count_page, name="stockcount_page"),
    re_path(COUNT + "record/$", counts.record, name="stockcount_record"),
    re_path(COUNT + "scan/$", counts.scan, name="stockcount_scan"),
    re_path(COUNT + "finish/$", counts.finish, name="stockcount_finish"),
    re_path(COUNT + "approve/$", counts.approve, name="stockcount_approve"),
    re_path(COUNT + "recount/$", counts.recount, name="stockcount_recount"),
    re_path(COUNT + "cancel/$", counts.cancel, name="stockcount_cancel"),
    re_path(COUNT + "sheet/$", count_papers.draw_sheet, name="stockcount_sheet"),
    re_path(
        COUNT + "papers/(?P<paper_id>[0-9]{1,18})/$",
        count_papers.download,
        name="stockcount_paper",
    ),
    path("inventory/purchaseorder/", purchase.purchase_list, name="purchaseorder_list"),
    path("inventory/purchaseorder/new/", purchase.purchase_new, name="purchaseorder_new"),
    re_path(PURCHASE + "$", purchase.purchase_page, name="purchaseorder_page"),
    re_path(PURCHASE + "lines/$", purchase_actions.lines, name="purchaseorder_lines"),
    re_path(PURCHASE + "head/$", purchase_actions.head, name="purchaseorder_head"),
    re_path(PURCHASE + "send/$", purchase_actions.send, name="purchaseorder_send"),
    re_path(
        PURCHASE + "send-by-hand/$",
        purchase_actions.send_by_hand,
        name="purchaseorder_send_by_hand",
    ),
    re_path(PURCHASE + "expect/$", purchase_actions.expect, name="purchaseorder_expect"),
    re_path(PURCHASE + "cancel/$", purchase_actions.cancel, name="purchaseorder_cancel"),
    re_path(
        PURCHASE + "cancel-rest/$", purchase_actions.cancel_rest, name="purchaseorder_cancel_rest"
    ),
    re_path(PURCHASE + "receive/$", receiving.receive, name="purchaseorder_receive"),
    re_path(PURCHASE + PAPER + "$", purchase_actions.paper, name="purchaseorder_paper"),
    re_path(PURCHASE + PAPER + "print/$", purchase_actions.print_again, name="purchaseorder_print"),
    re_path(RECEIPT + "$", receiving.receipt_page, name="receipt_page"),
    re_path(RECEIPT + "undo/$", receiving.undo, name="receipt_undo"),
    path("inventory/low-stock/", reorder.low_stock, name="low_stock"),
    path("inventory/reorderrule/", reorder.rule_list, name="reorderrule_list"),
    path("inventory/reorderrule/new/", reorder.rules_new, name="reorderrule_new"),
    path("inventory/reorderrule/compute/", reorder.rules_compute, name="reorderrule_compute"),
    path("inventory/suggestions/", reorder.suggestions, name="suggestions"),
    path("inventory/suggestions/draft/", reorder.draft, name="suggestions_draft"),
    path("inventory/adjustment/", adjustments.adjustment_list, name="stockadjustment_list"),
    path("inventory/adjustment/add/", adjustments.adjust, name="stockadjustment_add"),
    re_path(ADJUSTMENT + "$", adjustments.adjustment_page, name="stockadjustment_page"),
    re_path(ADJUSTMENT + "approve/$", adjustments.approve, name="stockadjustment_approve"),
    re_path(ADJUSTMENT + "decline/$", adjustments.decline, name="stockadjustment_decline"),
    re_path(ADJUSTMENT + "undo/$", adjustments.undo, name="stockadjustment_undo"),
    path("inventory/transfer/", transfers.transfer_list, name="transfer_list"),
    path("inventory/transfer/add/", transfers.add_transfer, name="transfer_add"),
    path("inventory/transfer/balance/", balance.suggestions, name="transfer_suggestions"),
    re_path(TRANSFER + "$", transfers.transfer_page, name="transfer_page"),
    re_path(TRANSFER + "lines/$", transfers.change_lines, name="transfer_lines"),
    re_path(TRANSFER + "approve/$", transfers.approve, name="transfer_approve"),
    re_path(TRANSFER + "reopen/$", transfers.reopen, name="transfer_reopen"),
    re_path(TRANSFER + "cancel/$", transfers.cancel, name="transfer_cancel"),
    re_path(TRANSFER + "send/$", transfers.send, name="transfer_send"),
    re_path(TRANSFER + "take-back/$", transfers.take_back, name="transfer_back"),
    re_path(TRANSFER + "receive/$", transfer_receiving.receive, name="transfer_receive"),
    re_path(TRANSFER + "note/$", transfer_papers.draw_note, name="transfer_note"),
    re_path(
        TRANSFER + "papers/(?P<paper_id>[0-9]{1,18})/$",
        transfer_papers.download,
        name="transfer_paper",
    ),
]
