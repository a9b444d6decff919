"""The library site's apps and middleware, shared by `library`, `dev` and `test`."""

from app.settings.base import BASE_APPS, BASE_MIDDLEWARE

INSTALLED_APPS = [
    *BASE_APPS,
    "django.contrib.postgres",
    "django.contrib.humanize",
    "app.audit",
    "app.branches",
    "app.access",
    "app.jobs",
    "app.office",
    "app.exports",
    "app.terminals",
    "app.authorities",
    "app.catalog",
    "app.patrons",
    "app.regulations",
    "app.transfers",
    "app.holds",
    "app.circulation",
    "app.calendars",
    "app.notices",
    "app.labels",
    "app.acquisitions",
    "app.interlibrary",
    "app.features",
    "app.reference",
    "app.mypage",
    "app.exchange",
    "app.opac",
    "app.demo",
]
MIDDLEWARE = [
    "app.web.metrics.RequestMetrics",
    "app.web.middleware.SiteOfHost",
    "app.web.doors.Doors",
    *BASE_MIDDLEWARE,
    "app.web.once.PressedOnce",
]
AUTH_USER_MODEL = "access.StaffUser"
AUTHENTICATION_BACKENDS = ["app.access.backends.StaffBackend"]
LOGIN_URL = "/staff/sign-in/"
LOGIN_REDIRECT_URL = "/staff/"
# Rules, calendars and codes are kept in the process; how long until it asks whether they changed.
REVISION_SECONDS = 1.0
# Where the weekly delivery of records is put, on application hosts that have the folder.
MARC_INBOX = "/var/lib/kura-marc"
ROOT_URLCONF = "app.urls.library"
PUBLIC_URLCONF = "app.urls.public"
# Pages of the staff realm: their session cookie is the staff one, and the public host does not serve them.
STAFF_PREFIXES = (
    "/staff/",
    "/acquisitions/",
    "/audit/",
    "/authorities/",
    "/calendars/",
    "/catalog/",
    "/counter/",
    "/exchange/",
    "/exports/",
    "/features/",
    "/holds/",
    "/interlibrary/",
    "/jobs/",
    "/labels/",
    "/notices/",
    "/office/",
    "/patrons/",
    "/reference/",
    "/regulations/",
    "/terminals/",
    "/transfers/",
)
# Notices go to the mail server of this host; what it accepted and what came back lies in its spool (roles/postfix).
MAIL_HOST = "127.0.0.1"
MAIL_PORT = 25
MAIL_SPOOL = "/var/lib/kura/mail"
# The national library's search (SRU), asked for what our own MARC does not have; empty: nobody is asked.
NATIONAL_LIBRARY_SRU = ""
