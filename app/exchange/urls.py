"""Addresses of the exchange pages for staff."""

from django.urls import path

from app.exchange import views

app_name = "exchange"
urlpatterns = [
    path("import/", views.import_page, name="import"),
    path("items/", views.items_page, name="items"),
    path("articles/", views.articles_page, name="articles"),
]
