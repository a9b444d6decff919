"""Addresses for staff."""

app_name = "reference"
urlpatterns: list = []
