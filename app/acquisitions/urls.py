"""Addresses for staff."""

from django.urls import path

from app.acquisitions import views

app_name = "acquisitions"
urlpatterns = [
    path("", views.order_list, name="orders"),
    path("records/<int:record_id>/", views.order_record, name="order_record"),
    path("requests/<int:request_id>/", views.order_wish, name="order_wish"),
    path("orders/<int:order_id>/", views.order_page, name="order"),
    path("orders/<int:order_id>/receive/", views.receive, name="receive"),
    path("orders/<int:order_id>/cancel/", views.cancel, name="cancel"),
    path("vendors/", views.vendors, name="vendors"),
    path("vendors/<int:vendor_id>/", views.vendors, name="vendor"),
]
