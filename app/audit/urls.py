from django.urls import path

from app.audit import views

app_name = "audit"
urlpatterns = [
    path("", views.search, name="search"),
    path("alerts/", views.alerts, name="alerts"),
    path("alerts/<int:alert_id>/", views.acknowledge, name="acknowledge"),
    path("keeping/", views.keeping, name="keeping"),
    path("keeping/request/", views.request_disposal, name="request_disposal"),
    path("keeping/<int:disposal_id>/", views.decide_disposal, name="decide_disposal"),
]
