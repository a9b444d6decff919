"""Addresses for staff."""

from django.urls import path

from app.interlibrary import views

app_name = "interlibrary"
urlpatterns = [
    path("", views.borrowing_list, name="borrowings"),
    path("requests/<int:request_id>/", views.ask, name="ask"),
    path("<int:borrowing_id>/", views.borrowing, name="borrowing"),
    path("<int:borrowing_id>/paper/", views.paper, name="paper"),
    path("<int:borrowing_id>/act/", views.act, name="act"),
    path("partners/", views.partners, name="partners"),
    path("partners/<int:partner_id>/", views.partners, name="partner"),
]
