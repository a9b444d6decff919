"""Addresses for staff."""

app_name = "features"
urlpatterns: list = []
