from django.urls import path

from app.holds.views import desk, holding, lists

app_name = "holds"
urlpatterns = [
    path("", desk.start, name="start"),
    path("check/", desk.check, name="check"),
    path("pull/", desk.pull, name="pull"),
    path("pull/<int:hold_id>/missed/", desk.missed, name="missed"),
    path("lost/", desk.lost, name="lost"),
    path("lost/<int:item_id>/found/", desk.found, name="found"),
    path("shelf/", desk.shelf, name="shelf"),
    path("late/", desk.late, name="late"),
    path("phone/", desk.phone, name="phone"),
    path("patron/<int:patron_id>/", holding.patron_page, name="patron"),
    path("patron/<int:patron_id>/join/", holding.join, name="join"),
    path("place/", holding.place, name="place"),
    path("<int:hold_id>/", holding.hold_page, name="hold"),
    path("<int:hold_id>/change/", holding.change, name="change"),
    path("<int:hold_id>/suspend/", holding.suspend, name="suspend"),
    path("<int:hold_id>/move/", holding.move, name="move"),
    path("<int:hold_id>/contact/", holding.contact, name="contact"),
    path("<int:hold_id>/extend/", holding.extend, name="extend"),
    path("<int:hold_id>/cancel/", holding.cancel, name="cancel"),
    path("record/<int:record_id>/", lists.record_page, name="record"),
    path("who/", lists.who, name="who"),
    path("copies/", lists.copies, name="copies"),
    path("hopeless/", lists.hopeless, name="hopeless"),
    path("figures/", lists.figures, name="figures"),
    path("requests/", lists.requests, name="requests"),
    path("requests/new/", lists.new_request, name="new_request"),
    path("requests/<int:request_id>/", lists.request_page, name="request"),
    path("settings/", lists.setting, name="setting"),
]
