from django.urls import path

from app.jobs import views

app_name = "jobs"
urlpatterns = [
    path("", views.overview, name="overview"),
    path("<str:code>/", views.history, name="history"),
    path("<str:code>/rerun/", views.rerun, name="rerun"),
]
