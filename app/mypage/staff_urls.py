"""Addresses for staff, beside the terminals'."""

from django.urls import path

from app.mypage.views import desk

app_name = "seats"
urlpatterns = [
    path("", desk.show, name="show"),
    path("confirm/", desk.confirm, name="confirm"),
    path("put/", desk.put, name="put"),
]
