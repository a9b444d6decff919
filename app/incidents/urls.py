from django.urls import path

from app.incidents import views

app_name = "incidents"
urlpatterns = [
    path("incidents/", views.incidents, name="list"),
    path("incidents/new/", views.new, name="new"),
    path("incidents/ledger.xlsx", views.ledger, name="ledger"),
    path("incidents/trends/", views.trends, name="trends"),
    path("incidents/from-alert/<int:alert_id>/", views.from_alert, name="from-alert"),
    path("incidents/<int:incident_id>/", views.incident, name="incident"),
    path("incidents/<int:incident_id>/change/", views.change, name="change"),
    path("incidents/<int:incident_id>/<slug:step>/", views.step, name="step"),
    path("incidents/<int:incident_id>/papers/<slug:paper>.docx", views.paper, name="paper"),
    path("inquiries/", views.inquiries, name="inquiries"),
    path("inquiries/new/", views.inquiry_new, name="inquiry-new"),
    path("inquiries/<int:inquiry_id>/", views.inquiry, name="inquiry"),
    path("inquiries/<int:inquiry_id>/<slug:step>/", views.inquiry_step, name="inquiry-step"),
]
