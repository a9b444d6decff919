"""Everything that writes about questions and events."""

from app.reference.actions.operations import ANSWER, APPLICANTS, APPLY, ASK, EVENTS, VIEW

__all__ = ["ANSWER", "APPLICANTS", "APPLY", "ASK", "EVENTS", "VIEW"]
