"""A form that is posted twice (double click, reload) does its work once.

The page carries a one-time key (``{% form_key %}``). The first post claims it in the transaction of
the work; the second finds it and is led to the same place.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from oms.core import bulk
from oms.core.models.idempotency import FormKey

FIELD = "form_key"


def new_key() -> str:
    """A key for one form."""
    return secrets.token_urlsafe(16)


def once(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Run a POST view once per form key; a repeated post gets the first one's redirect.

    The view and its key share a transaction: when the view does not answer with a redirect (the form
    was refused), the key is free again. Posts without a key are refused with a 400.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        key = request.POST.get(FIELD, "")
        if request.method != "POST":
            return view(request, *args, **kwargs)
        if not 8 <= len(key) <= 64:
            return HttpResponse("The form has no key. Load the page again.", status=400)
        scope = f"{request.user.pk}:{request.path}"[:100]
        with transaction.atomic():
            claimed = bulk.insert(
                FormKey, ["scope", "key"], [(scope, key)],
                returning=["id"], on_conflict_do_nothing=True,
            )  # fmt: skip
            if not claimed:
                seen = FormKey.objects.get(scope=scope, key=key)
                return HttpResponseRedirect(seen.location)
            answer = view(request, *args, **kwargs)
            if isinstance(answer, HttpResponseRedirect):
                FormKey.objects.filter(pk=claimed[0][0]).update(location=answer.url[:500])
            else:
                transaction.set_rollback(True)
        return answer

    return guarded
