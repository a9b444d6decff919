"""What a reader reaches of this area."""

from django.urls import path

from app.reference.views import public

app_name = "ask"
urlpatterns = [
    path("ask/", public.about, name="about"),
    path("ask/new/", public.ask, name="ask"),
    path("ask/mine/", public.mine, name="mine"),
    path("ask/<slug:receipt>/", public.question, name="question"),
    path("events/", public.event_list, name="events"),
    path("events/<int:event_id>/", public.event, name="event"),
    path("events/<int:event_id>/apply/", public.apply, name="apply"),
]
