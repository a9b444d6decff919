from django.urls import path

from app.patrons import views

app_name = "patrons"
urlpatterns = [
    path("", views.search, name="search"),
    path("new/", views.register, name="register"),
    path("<int:patron_id>/", views.show, name="show"),
    path("<int:patron_id>/edit/", views.edit, name="edit"),
    path("<int:patron_id>/password/", views.issue_password, name="issue_password"),
]
