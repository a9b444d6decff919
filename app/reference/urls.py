"""Addresses for staff."""

from django.urls import path

from app.reference.views import staff

app_name = "reference"
urlpatterns = [
    path("", staff.question_list, name="questions"),
    path("<int:question_id>/", staff.question, name="question"),
    path("events/", staff.event_list, name="events"),
    path("events/new/", staff.event_edit, name="event_new"),
    path("events/<int:event_id>/", staff.event, name="event"),
    path("events/<int:event_id>/edit/", staff.event_edit, name="event_edit"),
    path("events/<int:event_id>/act/", staff.event_act, name="event_act"),
]
