from django.urls import path

from app.transfers import views

app_name = "transfers"
urlpatterns = [
    path("", views.dispatch, name="dispatch"),
    path("slips/", views.slips, name="slips"),
    path("missed/", views.missed, name="missed"),
    path("stack/", views.stack, name="stack"),
    path("stack/printer/", views.stack_printer, name="stack_printer"),
    path("relocations/", views.relocations, name="relocations"),
    path("settings/", views.setting, name="setting"),
]
