import django.contrib.postgres.indexes
from django.db import migrations

import app.web.sealed

# Whatever card a patron shows is one of the patron's own; checked at commit, so both rows may be written in any order.
OWN_CARD = """
ALTER TABLE patrons_patron ADD CONSTRAINT patrons_card_is_own FOREIGN KEY (id, card_number)
REFERENCES patrons_patroncard (patron_id, number) DEFERRABLE INITIALLY DEFERRED
"""


class Migration(migrations.Migration):
    """The plain columns go; a card number must be one of the patron's own cards."""

    dependencies = [("patrons", "0003_seal_what_is_there")]

    operations = [
        migrations.RemoveField('patron', 'plain_name'),
        migrations.RemoveField('patron', 'plain_kana'),
        migrations.RemoveField('patron', 'plain_birth_date'),
        migrations.RemoveField('patron', 'plain_postal_code'),
        migrations.RemoveField('patron', 'plain_address'),
        migrations.RemoveField('patron', 'plain_phone'),
        migrations.RemoveField('patron', 'plain_email'),
        migrations.RemoveField(
            model_name="patron",
            name="kana_key",
        ),
        migrations.RemoveField(
            model_name="patron",
            name="message",
        ),
        migrations.RemoveField(
            model_name="patron",
            name="stop_reason",
        ),
        migrations.AlterField(
            model_name="patron",
            name="kana",
            field=app.web.sealed.SealedTextField(verbose_name="カナ氏名"),
        ),
        migrations.AlterField(
            model_name="patron",
            name="name",
            field=app.web.sealed.SealedTextField(verbose_name="氏名"),
        ),
        migrations.AddIndex(
            model_name="patron",
            index=django.contrib.postgres.indexes.GinIndex(
                fastupdate=False, fields=["keys"], name="patrons_keys"
            ),
        ),
        migrations.RunSQL(OWN_CARD, "ALTER TABLE patrons_patron DROP CONSTRAINT patrons_card_is_own"),
    ]
