from django.urls import URLPattern

app_name = "terminals"
urlpatterns: list[URLPattern] = []
