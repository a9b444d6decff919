from django.contrib.auth.views import LogoutView
from django.urls import path

from app.operations import views
from app.operations.signing import SignIn

app_name = "operations"
urlpatterns = [
    path("", views.overview, name="overview"),
    path("alerts/", views.alerts, name="alerts"),
    path("hosts/", views.hosts, name="hosts"),
    path("dashboards/<slug:board_id>/", views.dashboard, name="dashboard"),
    path("runbooks/", views.runbooks, name="runbooks"),
    path("runbooks/<slug:name>/", views.runbook, name="runbook"),
    path("accounts/", views.accounts, name="accounts"),
    path("trail/", views.trail, name="trail"),
    path("hooks/alertmanager", views.alertmanager_hook, name="alertmanager-hook"),
    path("sign-in/", SignIn.as_view(), name="sign-in"),
    path("sign-out/", LogoutView.as_view(), name="sign-out"),
]
