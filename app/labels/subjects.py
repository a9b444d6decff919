"""How the audit log's pages tell of labels."""

from app.audit.subjects import Subject, put
from app.labels.models import Layout

LABELS = {field.name: str(field.verbose_name) for field in Layout._meta.concrete_fields}
put(Subject("layout", "ラベルの様式", "名称", labels=LABELS | {"tiers": "段", "colours": "色"}))
