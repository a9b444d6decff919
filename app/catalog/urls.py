"""Addresses of the staff catalogue."""

from django.urls import path

from app.catalog import holdings, views

app_name = "catalog"
urlpatterns = [
    path("", views.search_page, name="search"),
    path("items/", holdings.holdings, name="holdings"),
    path("new/", views.new_record, name="new"),
    path("records/<int:record_id>/", views.record_page, name="record"),
    path("records/<int:record_id>/edit/", views.edit_record, name="edit"),
    path("records/<int:record_id>/items/", views.add_item, name="add_item"),
]
