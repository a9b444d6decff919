"""Addresses of the staff catalogue."""

from django.urls import path

from app.catalog import holdings, views, views_details, views_items, views_search

app_name = "catalog"
urlpatterns = [
    path("", views_search.search_page, name="search"),
    path("items/", holdings.holdings, name="holdings"),
    path("items/<int:item_id>/", views_items.item_page, name="item"),
    path("numbers/", views_items.numbers, name="numbers"),
    path("numbers/new/", views_items.number_range, name="new_range"),
    path("numbers/<int:range_id>/", views_items.number_range, name="number_range"),
    path("call-rules/", views_items.call_rules, name="call_rules"),
    path("new/", views.new_record, name="new"),
    path("records/<int:record_id>/", views.record_page, name="record"),
    path("records/<int:record_id>/details/", views_details.details_page, name="details"),
    path("records/<int:record_id>/cover/", views_details.cover, name="cover"),
    path("policy/", views_details.policy, name="policy"),
    path("records/<int:record_id>/edit/", views.edit_record, name="edit"),
    path("records/<int:record_id>/items/", views_items.add_item, name="add_item"),
]
