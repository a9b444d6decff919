from django.urls import path

from app.calendars import views, views_closures

app_name = "calendars"
urlpatterns = [
    path("", views.places, name="places"),
    path("closures/", views_closures.changes, name="changes"),
    path("closures/new/", views_closures.new, name="new"),
    path("closures/<int:change_id>/", views_closures.change, name="change"),
    path("closures/<int:change_id>/go-on/", views_closures.go_on, name="go_on"),
    path("closures/<int:change_id>/undo/", views_closures.undo, name="undo"),
    path("<slug:code>/<int:year>/", views.year, name="year"),
    path("<slug:code>/<int:year>/lay-out/", views.lay_out, name="lay_out"),
    path("<slug:code>/<int:year>/day/", views.day, name="day"),
    path("<slug:code>/<int:year>/copy/", views.copy, name="copy"),
    path("<slug:code>/<int:year>/weekly/", views.weekly, name="weekly"),
]
