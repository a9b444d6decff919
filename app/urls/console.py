"""The operations console, the project's second site."""

from django.contrib.auth.decorators import login_not_required
from django.urls import include, path

from app.web import views

urlpatterns = [
    path("health", login_not_required(views.health), name="health"),
    path("registers/", include("app.registers.urls")),
    path("logs/", include("app.logs.urls")),
    path("", include("app.operations.urls")),
    path("", include("app.incidents.urls")),
    path("", include("app.upkeep.urls")),
]
handler400 = "app.web.views.bad_request"
handler403 = "app.web.views.forbidden"
handler404 = "app.web.views.not_found"
handler500 = "app.web.views.server_error"
