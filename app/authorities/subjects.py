"""How the audit log's pages tell of authorities."""

from app.audit.subjects import Subject, put
from app.authorities.models import Authority

LABELS = {field.name: str(field.verbose_name) for field in Authority._meta.concrete_fields}
put(Subject("authority", "典拠", "番号", labels=LABELS | {"forms": "別形"}))
