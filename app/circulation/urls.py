from django.urls import path

from app.circulation import offline, views

app_name = "circulation"
urlpatterns = [
    path("", views.lend, name="lend"),
    path("return/", views.give_back, name="give_back"),
    path("inside/", views.inside, name="inside"),
    path("worker.js", offline.worker, name="worker"),
    path("offline/<slug:mode>/", offline.shell, name="offline"),
    path("dark/control/", offline.control, name="control"),
    path("dark/take/", offline.take, name="take"),
    path("dark/problems/", offline.problems, name="problems"),
    path("dark/problems/<uuid:record_id>/", offline.settle, name="settle"),
]
