from django.urls import path

from app.office import views

app_name = "office"
urlpatterns = [
    path("status/", views.status, name="status"),
    path("messages/", views.messages_page, name="messages"),
    path("messages/new/", views.message_new, name="message_new"),
    path("messages/<int:message_id>/", views.message_detail, name="message"),
    path("messages/<int:message_id>/read/", views.message_read, name="message_read"),
    path("messages/<int:message_id>/withdraw/", views.message_withdraw, name="message_withdraw"),
    path("manual/", views.manual, name="manual"),
    path("manual/<slug:slug>/", views.manual_page, name="manual_page"),
    path("manual/<slug:slug>/revise/", views.manual_revise, name="manual_revise"),
    path("maintenance/", views.maintenance, name="maintenance"),
    path("maintenance/new/", views.maintenance_new, name="maintenance_new"),
    path("maintenance/<int:window_id>/", views.maintenance_detail, name="maintenance_detail"),
    path("maintenance/keys/<str:host>/", views.maintenance_keys, name="maintenance_keys"),
    path("stops/", views.stops, name="stops"),
]
