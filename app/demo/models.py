"""The demo's own table: which batches of a scale run are finished, so that a cut run goes on where it stopped."""

from django.db import models


class FinishedBatch(models.Model):
    """One committed batch of `manage demo_scale`: its rows and this line were committed together."""

    seed = models.BigIntegerField()
    scale = models.CharField(max_length=32)
    phase = models.CharField(max_length=16)
    number = models.IntegerField()
    rows = models.IntegerField()
    finished_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "規模試験の済んだ区切り"
        constraints = [
            models.UniqueConstraint(fields=["seed", "scale", "phase", "number"], name="scale_batch_once"),
        ]
