"""What a person may set for themself from the top bar: theme and single-letter keys."""

from typing import cast

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from oms.core.access import staff
from oms.core.models import User


@staff
@require_POST
def save_preferences(request: HttpRequest) -> HttpResponse:
    """POST `theme` (auto, light, dark) or `single_keys` (on, off); back to `next`, or 204 for a script."""
    user = cast(User, request.user)
    theme, single_keys = request.POST.get("theme"), request.POST.get("single_keys")
    if theme in User.Theme.values:
        User.objects.filter(pk=user.pk).update(theme=theme)
    if single_keys in {"on", "off"}:
        User.objects.filter(pk=user.pk).update(single_keys=single_keys == "on")
    if request.headers.get("X-Requested-With") == "fetch":
        return HttpResponse(status=204)
    target = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return HttpResponseRedirect(target if is_ours else "/admin/")
