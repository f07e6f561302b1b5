"""Exceptions: everything stuck that wants a person, by cause, with the fix that the system proposes."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from oms.core import cases, selectors
from oms.core.access import requires
from oms.core.actors import Actor
from oms.core.exceptions import Refusal
from oms.core.idempotency import once
from oms.core.links import fix_named
from oms.core.models import Case

PAGE = "admin:exceptions"


@requires("core.view_case")
def case_list(request: HttpRequest) -> HttpResponse:
    return _page(request)


def _page(request: HttpRequest, refused: str = "") -> HttpResponse:
    kind, mine = request.GET.get("kind", "")[:32], "mine" in request.GET
    context = {
        "title": _("Exceptions"),
        "page": selectors.case_page(request.user, kind, mine=mine),
        "mine": mine,
        "deliveries_url": reverse("admin:deliveries"),
        "refused": refused,
    }
    return render(request, "core/case_list.html", context, status=409 if refused else 200)


@requires("core.view_case")
@require_POST
@once
def fix_case(request: HttpRequest, case_id: int) -> HttpResponse:
    """Do what the case proposes."""
    case = get_object_or_404(Case, pk=case_id, closed_at=None)
    fix = fix_named(case.proposed_fix)
    if fix is None:
        return _page(request, _("Nothing is proposed for this case. Open its document."))
    if not request.user.has_perm(fix.permission):
        raise PermissionDenied(fix.permission)
    try:
        told = fix.apply(case=case, actor=Actor.of(request.user))
    except Refusal as refusal:
        return _page(request, str(refusal))
    is_solved = not Case.objects.filter(pk=case.pk, closed_at=None).exists()
    (messages.success if is_solved else messages.warning)(request, told)
    return redirect(PAGE)


@requires("core.view_case")
@require_POST
@once
def fix_all_cases(request: HttpRequest) -> HttpResponse:
    """Do for all cases of a kind what they propose; as many as the page shows."""
    kind, name = request.POST.get("kind", "")[:32], request.POST.get("fix", "")[:64]
    fix = fix_named(name)
    if fix is None or fix.apply_all is None:
        return _page(request, _("These cases are solved one by one."))
    if not request.user.has_perm(fix.permission):
        raise PermissionDenied(fix.permission)
    found = Case.objects.filter(closed_at=None, kind=kind, proposed_fix=name).order_by(
        "opened_at", "pk"
    )
    try:
        told = fix.apply_all(
            cases=list(found[: selectors.MOST_CASES]), actor=Actor.of(request.user)
        )
    except Refusal as refusal:
        return _page(request, str(refusal))
    messages.success(request, told)
    return redirect(PAGE)


@requires("core.change_case")
@require_POST
@once
def close_case(request: HttpRequest, case_id: int) -> HttpResponse:
    """End a case by hand: a person says that the cause is gone."""
    case = get_object_or_404(Case, pk=case_id, closed_at=None)
    cases.close_case(case.dedupe_key, actor=Actor.of(request.user))
    messages.success(request, _("Closed: %s") % case.sentence)
    return redirect(PAGE)


@requires("core.change_case")
@require_POST
@once
def take_case(request: HttpRequest, case_id: int) -> HttpResponse:
    """Make a case one's own."""
    with transaction.atomic():
        case = get_object_or_404(Case, pk=case_id, closed_at=None)
        Case.objects.filter(pk=case.pk).update(owner=request.user.pk)
    messages.success(request, _("Yours now: %s") % case.sentence)
    return redirect(PAGE)
