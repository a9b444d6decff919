"""Every page of the library site; the staff host and the engineer's machine serve all of it."""

from django.urls import include, path

from app.urls import public

urlpatterns = [
    path("staff/", include("app.access.urls")),
    path("counter/", include("app.circulation.urls")),
    path("patrons/", include("app.patrons.urls")),
    path("audit/", include("app.audit.urls")),
    path("catalog/", include("app.catalog.urls")),
    path("authorities/", include("app.authorities.urls")),
    path("labels/", include("app.labels.urls")),
    path("acquisitions/", include("app.acquisitions.urls")),
    path("interlibrary/", include("app.interlibrary.urls")),
    path("features/", include("app.features.urls")),
    path("reference/", include("app.reference.urls")),
    path("exchange/", include("app.exchange.urls")),
    path("calendars/", include("app.calendars.urls")),
    path("exports/", include("app.exports.urls")),
    path("holds/", include("app.holds.urls")),
    path("jobs/", include("app.jobs.urls")),
    path("notices/", include("app.notices.urls")),
    path("office/", include("app.office.urls")),
    path("regulations/", include("app.regulations.urls")),
    path("terminals/seats/", include("app.mypage.staff_urls")),
    path("terminals/", include("app.terminals.urls")),
    path("transfers/", include("app.transfers.urls")),
    *public.urlpatterns,
]
handler400 = public.handler400
handler403 = public.handler403
handler404 = public.handler404
handler500 = public.handler500
