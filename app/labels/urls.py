"""Addresses for staff."""

from django.urls import path

from app.labels import views

app_name = "labels"
urlpatterns = [
    path("", views.spines, name="spines"),
    path("barcodes/", views.barcodes, name="barcodes"),
    path("barcodes/new/", views.draw, name="draw"),
    path("barcodes/again/", views.again, name="again"),
    path("barcodes/<uuid:token>/", views.run, name="run"),
    path("layouts/", views.layouts, name="layouts"),
    path("layouts/new/", views.layout, name="new_layout"),
    path("layouts/<int:layout_id>/", views.layout, name="layout"),
    path("layouts/<int:layout_id>/sample/", views.sample, name="sample"),
]
