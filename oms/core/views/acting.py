"""What every button of the staff pages does: one service call, then back to the page it came from."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect

from oms.core.exceptions import Refusal


def act(
    request: HttpRequest,
    work: Callable[[], str],
    *,
    back_to: str,
    refuse: Callable[[str], HttpResponse],
) -> HttpResponse:
    """Run a service; its sentence becomes a message, its refusal the answer of ``refuse``."""
    try:
        sentence = work()
    except Refusal as refusal:
        return refuse(str(refusal))
    messages.success(request, sentence)
    return HttpResponseRedirect(back_to)


def missing(what: str) -> Http404:
    """The same answer for what does not exist and for what belongs to somebody else."""
    return Http404(what)
