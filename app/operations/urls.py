from django.contrib.auth.views import LogoutView
from django.urls import path

from app.operations import management_views, views
from app.operations.signing import SignIn

app_name = "operations"
urlpatterns = [
    path("", views.overview, name="overview"),
    path("alerts/", views.alerts, name="alerts"),
    path("hosts/", views.hosts, name="hosts"),
    path("dashboards/<slug:board_id>/", views.dashboard, name="dashboard"),
    path("runbooks/", views.runbooks, name="runbooks"),
    path("runbooks/<slug:name>/", views.runbook, name="runbook"),
    path("accounts/", management_views.accounts, name="accounts"),
    path("trail/", management_views.trail, name="trail"),
    path("silences/", management_views.silences_page, name="silences"),
    path("silences/end/", management_views.silence_end, name="silence-end"),
    path("audit/", management_views.audit_page, name="audit"),
    path("audit/records.json", management_views.audit_json, name="audit-json"),
    path("audit/records.xlsx", management_views.audit_workbook, name="audit-workbook"),
    path("hooks/alertmanager", views.alertmanager_hook, name="alertmanager-hook"),
    path("sign-in/", SignIn.as_view(), name="sign-in"),
    path("sign-out/", LogoutView.as_view(), name="sign-out"),
]
