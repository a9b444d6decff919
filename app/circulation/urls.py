from django.urls import path

from app.circulation import views

app_name = "circulation"
urlpatterns = [
    path("", views.lend, name="lend"),
    path("return/", views.give_back, name="give_back"),
]
