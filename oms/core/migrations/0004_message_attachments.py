
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0003_jobs'),
    ]

    operations = [
        migrations.CreateModel(
            name='MessageAttachment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100)),
                ('content_type', models.CharField(db_default='application/pdf', max_length=100)),
                ('text', models.TextField(blank=True, db_default='')),
                ('message', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='attachments', to='core.message')),
                ('paper', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.paper')),
            ],
            options={
                'verbose_name': 'attachment',
                'verbose_name_plural': 'attachments',
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('paper__isnull', False), ('text', '')), models.Q(('paper__isnull', True), ('text__gt', '')), _connector='OR'), name='message_attachment_is_one_thing')],
            },
        ),
    ]
