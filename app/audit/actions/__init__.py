"""The only writers of the audit log. Sealing, disposal and watching have modules of their own beside this."""

from app.audit.actions.recording import EXPORT, SEARCH, changes, plain, record, record_views, typed

__all__ = ["EXPORT", "SEARCH", "changes", "plain", "record", "record_views", "typed"]
