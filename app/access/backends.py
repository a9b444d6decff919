"""Django's session backend for staff, with the branch in the same statement."""

from django.contrib.auth.backends import ModelBackend

from app.access.models import StaffUser


class StaffBackend(ModelBackend):
    """Loads the signed-in member of staff of a session. Signing in goes through access.actions."""

    def get_user(self, user_id: int) -> StaffUser | None:
        """The user with branch, or None. One SQL statement."""
        return StaffUser.objects.select_related("branch").filter(pk=user_id, is_active=True).first()
