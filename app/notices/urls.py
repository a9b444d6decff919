from django.urls import path

from app.notices import office, views

app_name = "notices"
urlpatterns = [
    path("", views.home, name="home"),
    path("extract/", views.extract, name="extract"),
    path("batches/<int:batch_id>/", views.batch, name="batch"),
    path("batches/<int:batch_id>/samples/", views.samples, name="samples"),
    path("batches/<int:batch_id>/approve/", views.approve, name="approve"),
    path("batches/<int:batch_id>/exclude/", views.exclude, name="exclude"),
    path("phone/", views.phone, name="phone"),
    path("paper/postcard/", views.paper, {"adapter": "postcard"}, name="postcards"),
    path("paper/letter/", views.paper, {"adapter": "letter"}, name="letters"),
    path("paper/<slug:adapter>/print/", views.print_paper, name="print_paper"),
    path("paper/<slug:adapter>/post/", views.post_paper, name="post_paper"),
    path("stops/", office.stops, name="stops"),
    path("stops/<int:stop_id>/end/", office.end_stop, name="end_stop"),
    path("patrons/<int:patron_id>/", office.patron, name="patron"),
    path("patrons/<int:patron_id>/wish/", office.wish, name="wish"),
    path("items/", office.item, name="item"),
    path("undeliverable/", office.undeliverable, name="undeliverable"),
    path("wordings/", office.wordings, name="wordings"),
    path("wordings/new/", office.new_wording, name="new_wording"),
    path("wordings/<int:wording_id>/", office.edit_wording, name="wording"),
    path("settings/", office.settings_page, name="settings"),
    path("settings/policy/<slug:kind>/", office.set_policy, name="set_policy"),
    path("settings/means/", office.means, name="new_means"),
    path("settings/means/<slug:code>/", office.means, name="means"),
]
