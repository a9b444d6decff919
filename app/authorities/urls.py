"""Addresses for staff."""

app_name = "authorities"
urlpatterns: list = []
