from django.db import models


class Counter(models.Model):
    """The last number of a series without gaps (invoices, credit notes), taken last in a transaction."""

    series = models.CharField(max_length=32, primary_key=True)
    last = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.series}: {self.last}"
