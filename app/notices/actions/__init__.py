"""Everything that writes about notices. What each part may do stands in `operations`."""

from app.notices.actions.setting import after_migrate

__all__ = ["after_migrate"]
