from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _


class User(AbstractUser):
    """A person who signs in. Roles are Django groups made from ``permissions.toml``."""

    class Theme(models.TextChoices):
        AUTO = "auto", _("Like the system")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    theme = models.CharField(_("theme"), max_length=5, choices=Theme, default=Theme.AUTO)
    single_keys = models.BooleanField(_("single-letter shortcuts"), default=True)
