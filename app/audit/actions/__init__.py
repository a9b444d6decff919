"""The only writers of the audit log. Sealing, disposal and watching have modules of their own beside this."""

from app.audit.actions.recording import SEARCH, changes, plain, record, record_views

__all__ = ["SEARCH", "changes", "plain", "record", "record_views"]
