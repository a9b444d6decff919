"""Addresses for staff."""

from django.urls import path

from app.authorities import views

app_name = "authorities"
urlpatterns = [
    path("", views.index, name="index"),
    path("new/", views.edit, name="new"),
    path("table/", views.table, name="table"),
    path("<int:authority_id>/", views.show, name="show"),
    path("<int:authority_id>/edit/", views.edit, name="edit"),
    path("<int:authority_id>/relate/", views.relate, name="relate"),
    path("<int:authority_id>/unrelate/<int:target_id>/", views.unrelate, name="unrelate"),
    path("<int:authority_id>/merge/", views.merge, name="merge"),
    path("<int:authority_id>/delete/", views.delete, name="delete"),
]
