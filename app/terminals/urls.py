from django.urls import path

from app.terminals import views

app_name = "terminals"
urlpatterns = [
    path("", views.listing, name="list"),
    path("new/", views.edit, name="new"),
    path("<int:terminal_id>/", views.edit, name="edit"),
    path("<int:terminal_id>/copy/", views.copy, name="copy"),
    path("<int:terminal_id>/remove/", views.remove, name="remove"),
    path("settings/<int:branch_id>/", views.setting, name="setting"),
    path("tune/", views.tune, name="tune"),
    path("codes/", views.codes, name="codes"),
    path("guide/<str:page>/", views.guide, name="guide"),
]
