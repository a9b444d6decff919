"""The only code that writes incidents and inquiries. Each act: the role, one transaction, the record of acts."""

from app.incidents.actions.incidents import (
    change,
    close,
    follow_alert,
    open_by_alert,
    open_incident,
    record_stage,
    remark,
    tell,
)
from app.incidents.actions.inquiries import answer, take, visit

__all__ = [
    "answer",
    "change",
    "close",
    "follow_alert",
    "open_by_alert",
    "open_incident",
    "record_stage",
    "remark",
    "take",
    "tell",
    "visit",
]
