"""What was plain goes from the disk."""

from django.db import migrations

from app.web.taking_over import rewritten


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("circulation", "0007_sealed_reason")]
    operations = [rewritten("circulation_loan", "due_reason")]
