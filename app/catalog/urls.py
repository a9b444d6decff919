"""Addresses of the staff catalogue."""

from django.urls import path

from app.catalog import (
    holdings,
    views,
    views_batch,
    views_changes,
    views_details,
    views_items,
    views_lookup,
    views_merge,
    views_search,
)

app_name = "catalog"
urlpatterns = [
    path("", views_search.search_page, name="search"),
    path("items/", holdings.holdings, name="holdings"),
    path("items/<int:item_id>/", views_items.item_page, name="item"),
    path("numbers/", views_items.numbers, name="numbers"),
    path("numbers/new/", views_items.number_range, name="new_range"),
    path("numbers/<int:range_id>/", views_items.number_range, name="number_range"),
    path("call-rules/", views_items.call_rules, name="call_rules"),
    path("items/<int:item_id>/history/", views_changes.item_history, name="item_history"),
    path("batch/", views_batch.batch, name="batch"),
    path("batch/records/", views_batch.batch, {"kind": "records"}, name="batch_records"),
    path("changes/", views_changes.change_sets, name="change_sets"),
    path("changes/<int:change_set_id>/", views_changes.change_set, name="change_set"),
    path("changes/<int:change_set_id>/undo/", views_changes.undo, name="undo"),
    path("changes/<int:change_set_id>/carry-out/", views_changes.carry_out, name="carry_out"),
    path("lookup/", views_lookup.look_up, name="lookup"),
    path("merge/", views_merge.merge, name="merge"),
    path("temporary/", views_merge.temporary_records, name="temporary_records"),
    path("new/", views.new_record, name="new"),
    path("records/<int:record_id>/", views.record_page, name="record"),
    path("records/<int:record_id>/details/", views_details.details_page, name="details"),
    path("records/<int:record_id>/cover/", views_details.cover, name="cover"),
    path("policy/", views_details.policy, name="policy"),
    path("records/<int:record_id>/edit/", views.edit_record, name="edit"),
    path("records/<int:record_id>/history/", views_changes.record_history, name="history"),
    path("records/<int:record_id>/duplicates/", views_merge.duplicates_of, name="duplicates_of"),
    path("records/<int:record_id>/replace/", views_merge.temporary_record, name="temporary_record"),
    path("records/<int:record_id>/items/", views_items.add_item, name="add_item"),
]
