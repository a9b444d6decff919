"""Addresses for staff."""

app_name = "labels"
urlpatterns: list = []
