from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("inventory", "0007_adjustments_are_reversed_once")]

    operations = [
        migrations.AddField(
            model_name="product",
            name="expiry_days_left",
            field=models.PositiveSmallIntegerField(
                db_default=0,
                default=0,
                help_text="A lot is sold only while so many days remain until it expires.",
                verbose_name="days left at least",
            ),
        ),
    ]
