from django.urls import path

from app.exports import views

app_name = "exports"
urlpatterns = [
    path("", views.index, name="index"),
    path("<int:export_id>/", views.show, name="show"),
    path("<int:export_id>/fetch/", views.fetch, name="fetch"),
    path("<int:export_id>/decide/", views.decide, name="decide"),
]
