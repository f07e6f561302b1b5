from django.db import migrations, models

import inventory.models.warehouse


class Migration(migrations.Migration):

    dependencies = [
        ('inventory', '0008_product_expiry_days_left'),
    ]

    operations = [
        migrations.AlterField(
            model_name='warehouse',
            name='time_zone',
            field=models.CharField(db_default='UTC', default='UTC', max_length=64, validators=[inventory.models.warehouse.known_time_zone], verbose_name='time zone'),
        ),
    ]
