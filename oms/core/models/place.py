from django.db import models
from django.utils.translation import gettext_lazy as _


class Place(models.Model):
    """Where a postcode, a city or a country lies.

    A row with a postcode stands for that postcode, one without for the largest city of that name in
    the country, and one with neither for the middle of the country. Codes and names are stored in
    the folded form of ``oms.core.place_names``.
    """

    country = models.CharField(max_length=2)
    # C collation: the neighbors of a code in the index are then the codes with the longest common start.
    postcode = models.CharField(max_length=20, null=True, blank=True, db_collation="C")  # noqa: DJ001
    city = models.CharField(max_length=120, blank=True, db_default="")
    latitude = models.FloatField()
    longitude = models.FloatField()
    population = models.PositiveIntegerField(default=0, db_default=0)

    class Meta:
        verbose_name = _("place")
        verbose_name_plural = _("places")
        constraints = [
            models.UniqueConstraint(fields=["country", "postcode"], name="place_postcode"),
            models.UniqueConstraint(
                fields=["country", "city"],
                condition=models.Q(postcode=None),
                name="place_city",
            ),
            models.CheckConstraint(
                condition=models.Q(country__regex=r"^[A-Z]{2}$"),
                name="place_country_code",
            ),
            models.CheckConstraint(
                condition=models.Q(postcode=None) | models.Q(postcode__regex=r"^[0-9A-Z]+$"),
                name="place_postcode_folded",
            ),
            models.CheckConstraint(
                condition=models.Q(latitude__range=(-90, 90), longitude__range=(-180, 180)),
                name="place_on_earth",
            ),
        ]

    def __str__(self) -> str:
        return " ".join(part for part in (self.country, self.postcode, self.city) if part)
