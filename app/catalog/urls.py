"""Addresses of the staff catalogue."""

from django.urls import path

from app.catalog import holdings, views, views_items, views_search

app_name = "catalog"
urlpatterns = [
    path("", views_search.search_page, name="search"),
    path("items/", holdings.holdings, name="holdings"),
    path("new/", views.new_record, name="new"),
    path("records/<int:record_id>/", views.record_page, name="record"),
    path("records/<int:record_id>/edit/", views.edit_record, name="edit"),
    path("records/<int:record_id>/items/", views_items.add_item, name="add_item"),
]
