"""What both sites share: security, language, templates, logging. Nothing here knows a database or a site.

The deployed sites read one JSON file, named by KURA_CONFIG; `read_config` is the only place that opens it.
"""

import json
import os
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parents[2]


def read_config(*keys: str) -> dict[str, Any]:
    """The configuration that KURA_CONFIG names; ImproperlyConfigured says which file or key is missing."""
    name = os.environ.get("KURA_CONFIG", "")
    if not name:
        raise ImproperlyConfigured("KURA_CONFIG must name the site's JSON configuration, e.g. /etc/kura/library.json")
    path = Path(name)
    try:
        config: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ImproperlyConfigured(f"{path}: cannot be read as JSON: {error}") from error
    missing = [key for key in keys if key not in config]
    if missing:
        raise ImproperlyConfigured(f"{path}: missing {', '.join(missing)}")
    return config


def release() -> str:
    """The release this code was installed as (`/opt/kura/releases/<release>/app`), or `dev` in a work tree."""
    return BASE_DIR.name if BASE_DIR.parent.name == "releases" else "dev"


RELEASE = release()
DEBUG = False
# A site to practise on, with the demonstration's data: its pages say so in another colour.
PRACTICE = False
LANGUAGE_CODE = "ja"
# Public pages speak these (app/web/doors.py); "ja-kids" is plain Japanese for children.
LANGUAGES = [("ja", "日本語"), ("en", "English"), ("zh-hans", "简体中文"), ("ko", "한국어"), ("ja-kids", "こども")]
LOCALE_PATHS = [BASE_DIR / "app" / "locale"]
TIME_ZONE = "Asia/Tokyo"
USE_TZ = True
USE_I18N = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

BASE_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "app.web",
]

BASE_MIDDLEWARE = [
    "app.web.middleware.RequestIdentity",
    "app.web.middleware.SecurityHeaders",
    "django.middleware.security.SecurityMiddleware",
    "app.web.harmless.HarmlessInput",
    "app.web.middleware.RealmSessions",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "app.web.context.site",
            ],
        },
    }
]

PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("number", "name")},
    },
]

STATIC_URL = "/static/"
# Beside app/ in the release: nginx serves it, `manage collectstatic` fills it.
STATIC_ROOT = BASE_DIR / "static"

# The staff cookie has Django's own name; RealmSessions gives patrons another, so the two never meet.
SESSION_COOKIE_NAME = "kura_staff"
PATRON_SESSION_COOKIE_NAME = "kura_patron"
STAFF_IDLE_SECONDS = 60 * 60
# Minutes without work after which a staff screen is hidden, where no terminal says otherwise.
STAFF_LOCK_MINUTES = 10
PATRON_IDLE_SECONDS = 20 * 60
# At a search terminal the page itself ends the session after 60 seconds; this is for a terminal that was switched off.
KIOSK_IDLE_SECONDS = 3 * 60
SESSION_COOKIE_AGE = STAFF_IDLE_SECONDS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "app.web.views.csrf_failure"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 31_536_000
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024

# No inline script or style anywhere: pages carry classes, behaviour lives in static files.
CONTENT_SECURITY_POLICY = {
    "default-src": "'self'",
    "img-src": "'self' data:",
    "object-src": "'none'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "form-action": "'self'",
}

# Logs are kept for years: none names an address (app/web/pages.py).
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"addresses": {"()": "app.web.pages.WithoutAddresses"}},
    "formatters": {"plain": {"()": "app.web.pages.Plain", "fmt": "%(levelname)s %(name)s %(message)s"}},
    "handlers": {"journal": {"class": "logging.StreamHandler", "formatter": "plain", "filters": ["addresses"]}},
    "root": {"handlers": ["journal"], "level": "INFO"},
    "loggers": {
        # Its own output would quote addresses, as Django's own handler of `django` would where DEBUG is on.
        "gunicorn.error": {"handlers": ["journal"], "level": "INFO", "propagate": False},
    },
}
