"""What a citizen reaches of this area."""

from django.urls import path

from app.patrons.views import public

app_name = "apply"
urlpatterns = [path("", public.apply, name="apply"), path("done/", public.done, name="done")]
