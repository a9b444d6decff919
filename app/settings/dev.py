"""The library on the engineer's machine (`./kura dev`): private PostgreSQL, plain HTTP, reload."""

from app.settings.areas import *  # noqa: F403
from app.settings.base import *  # noqa: F403
from app.settings.workshop import databases

DEBUG = True
INVENTORY = "nagano"
SECRET_KEY = "development-only"  # noqa: S105
FIELD_KEYS = [{"id": 1, "secret": "development-only-key-of-sealed-columns-1"}]
FIELD_INDEX_SECRET = "development-only-secret-of-blind-indexes"  # noqa: S105
ALLOWED_HOSTS = ["*"]
DATABASES = databases("kura_dev")
SESSION_COOKIE_SECURE = False
CSRF_COOKIE_SECURE = False
SECURE_HSTS_SECONDS = 0
