"""The console's sign-in: Django's own, throttled as the staff's is."""

from __future__ import annotations

import logging
from typing import Any

from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.core.exceptions import ValidationError
from django.utils import timezone

from app.operations import actions, queries

log = logging.getLogger(__name__)


class SignInForm(AuthenticationForm):
    """Name and password; five misses in fifteen minutes stop the name, thirty the address. Refusals say the same."""

    def clean(self) -> dict[str, Any]:
        name, now = str(self.cleaned_data.get("username", "")), timezone.now()
        address = getattr(self.request, "terminal", None)
        if queries.is_locked_out(name, address, now):
            log.warning("sign-in of %r from %s refused: locked", name[:64], address)
            raise self.get_invalid_login_error()
        try:
            cleaned = super().clean()
        except ValidationError:
            actions.note_miss(name, address, now)
            log.warning("sign-in of %r from %s refused", name[:64], address)
            raise
        actions.clear_misses(name)
        return cleaned


class SignIn(LoginView):
    """The page."""

    template_name = "operations/sign_in.html"
    authentication_form = SignInForm
