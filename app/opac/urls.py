"""Addresses of the public catalogue and My Page. Record addresses never change (F-OPA-027)."""

from django.urls import path

from app.opac import accessibility, browsing, holding, looks, views_kiosk, views_my, views_record, views_search, web

app_name = "opac"
urlpatterns = [
    path("", views_search.search_page, name="search"),
    path("advanced/", views_search.advanced_page, name="advanced"),
    path("series/", views_search.series_page, name="series"),
    path("browse/", browsing.browse_page, name="browse"),
    path("browse/subjects/", browsing.subjects_page, name="subjects"),
    path("browse/<str:prefix>/", browsing.browse_page, name="browse"),
    path("suggest", views_search.suggestions, name="suggest"),
    path("records/<int:record_id>/", views_record.record_page, name="record"),
    path("records/<int:record_id>/slip/", views_record.slip, name="slip"),
    path("records/<int:record_id>/cover", views_record.cover, name="cover"),
    path("records/<int:record_id>/digital/<int:link_id>", views_record.digital, name="digital"),
    path("isbn/<str:number>/", views_record.by_isbn, name="isbn"),
    path("records/<int:record_id>/hold/", holding.place, name="hold"),
    path("my/", views_my.my_page, name="my"),
    path("my/holds/<int:hold_id>/", holding.change, name="my_hold"),
    path("my/holds/<int:hold_id>/cancel/", holding.cancel, name="cancel_hold"),
    path("my/request/", holding.ask, name="request"),
    path("my/request/<int:request_id>/withdraw/", holding.withdraw, name="withdraw_request"),
    path("my/sign-in/", views_my.sign_in, name="sign_in"),
    path("my/sign-out/", views_my.sign_out, name="sign_out"),
    path("my/password/", views_my.password, name="password"),
    path("end/", views_kiosk.end, name="kiosk_end"),
    path("accessibility/", accessibility.page, name="accessibility"),
    path("appearance/", looks.appearance, name="appearance"),
    path("look.css", looks.look, name="look"),
    path("robots.txt", web.robots, name="robots"),
]
