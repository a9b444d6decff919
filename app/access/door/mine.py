"""What is one's own: password, PIN, the authenticator."""

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters

from app.access import actions
from app.access.forms import OwnPasswordForm, PinForm
from app.access.models import SecondFactor
from app.access.web import staff_page


@sensitive_post_parameters()
@staff_page(actions.HOME)
def mine(request: HttpRequest) -> HttpResponse:
    """Two forms on one page; each asks for the password in force."""
    changing = request.POST.get("what")
    password = OwnPasswordForm(request.POST if changing == "password" else None, user=request.user)
    pin = PinForm(request.POST if changing == "pin" else None, user=request.user)
    try:
        if changing == "password" and password.is_valid():
            actions.change_own_password(request.user, password.cleaned_data["password"], request.actor)
            request.user.refresh_from_db()
            update_session_auth_hash(request, request.user)
            messages.success(request, "パスワードを変えました。")
            return redirect("access:mine")
        if changing == "pin" and pin.is_valid():
            actions.set_own_pin(request.user, pin.cleaned_data["pin"], request.actor)
            messages.success(request, "暗証番号を変えました。")
            return redirect("access:mine")
    except ValidationError as wrong:
        (password if changing == "password" else pin).add_error(changing, wrong)
    context = {
        "password": password,
        "pin": pin,
        "has_pin": bool(request.user.pin),
        "enrolled": SecondFactor.objects.filter(staff=request.user, confirmed_at__isnull=False).exists(),
    }
    return render(request, "access/mine.html", context)
