"""What was plain goes from the disk."""

from django.db import migrations

from app.web.taking_over import rewritten


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("holds", "0004_sealed_words")]
    operations = [
        rewritten("holds_hold", "note"),
        rewritten("holds_holdentry", "text"),
        rewritten("holds_purchaserequest", "wish", "reason", "answer"),
    ]
