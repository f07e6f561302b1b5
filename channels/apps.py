from django.apps import AppConfig
from django.conf import settings
from django.utils.translation import gettext_lazy as _


class ChannelsConfig(AppConfig):
    name = "channels"
    verbose_name = _("Channels")

    def ready(self) -> None:
        from channels.services.seed_demo import demo_logins
        from oms.core.site import register_login_hint

        if settings.DEMO:
            register_login_hint(demo_logins)
