from django.urls import path

from app.logs import views

app_name = "logs"
urlpatterns = [
    path("", views.search_page, name="search"),
    path("machines/", views.machines, name="machines"),
    path("disposals/", views.disposals, name="disposals"),
    path("disposals/<int:number>/", views.decide, name="decide"),
]
