"""The search box: an exact hit opens, everything else becomes a list that says what matched."""

from __future__ import annotations

from itertools import groupby

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from oms.core import search
from oms.core.access import staff


@staff
def search_page(request: HttpRequest) -> HttpResponse:
    text = search.clean(request.GET.get("q", ""))
    hits = search.search_everything(request.user, text)
    if hit := search.only_exact(hits, text):
        return redirect(hit.url)
    by_group = sorted(hits, key=lambda each: each.group)
    groups = [(group, list(found)) for group, found in groupby(by_group, lambda each: each.group)]
    context = {"title": _("Search"), "q": text, "groups": groups, "count": len(hits)}
    return render(request, "core/search.html", context)
