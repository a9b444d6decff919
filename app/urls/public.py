"""What a citizen reaches: OPAC, My Page, health. The public host serves nothing else."""

from django.urls import include, path

from app.web import views

urlpatterns = [
    path("health", views.health, name="health"),
    path("register/", include("app.patrons.public_urls")),
    path("", include("app.features.public_urls")),
    path("", include("app.reference.public_urls")),
    path("my/", include("app.mypage.urls")),
    path("", include("app.opac.urls")),
]
handler400 = "app.web.views.bad_request"
handler403 = "app.web.views.forbidden"
handler404 = "app.web.views.not_found"
handler500 = "app.web.views.server_error"
