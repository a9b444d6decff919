"""What was plain goes from the disk."""

from django.db import migrations

from app.web.taking_over import rewritten


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("interlibrary", "0002_sealed_note")]
    operations = [rewritten("interlibrary_borrowing", "note")]
