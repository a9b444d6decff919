from django.urls import path

from app.circulation import compensation, day, offline, pages, views

app_name = "circulation"
urlpatterns = [
    path("", views.lend, name="lend"),
    path("return/", views.give_back, name="give_back"),
    path("inside/", views.inside, name="inside"),
    path("day/", day.show, name="day"),
    path("item/", pages.item, name="item"),
    path("item/condition/", pages.condition, name="condition"),
    path("item/handling/", pages.handling, name="handling"),
    path("sets/", pages.sets, name="sets"),
    path("move/", pages.move, name="move"),
    path("temporary/", pages.temporary, name="temporary"),
    path("compensation/", compensation.cases, name="compensation"),
    path("compensation/act/", compensation.act, name="compensate"),
    path("policy/", pages.policy, name="policy"),
    path("worker.js", offline.worker, name="worker"),
    path("offline/<slug:mode>/", offline.shell, name="offline"),
    path("dark/control/", offline.control, name="control"),
    path("dark/take/", offline.take, name="take"),
    path("dark/problems/", offline.problems, name="problems"),
    path("dark/problems/<uuid:record_id>/", offline.settle, name="settle"),
]
