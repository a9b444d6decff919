"""The library under test: a real PostgreSQL, a cheap password hash, everything else as deployed."""

from app.settings.areas import *  # noqa: F403
from app.settings.base import *  # noqa: F403
from app.settings.workshop import databases

INVENTORY = "nagano"
SECRET_KEY = "test-only"  # noqa: S105
FIELD_KEYS = [{"id": 1, "secret": "test-only-key-of-sealed-columns-1"}]
FIELD_INDEX_SECRET = "test-only-secret-of-blind-indexes"  # noqa: S105
ALLOWED_HOSTS = ["testserver", "localhost", "opac.kura-nagano.example", "staff.kura-nagano.example"]
DATABASES = databases("kura")
# What a test changes its own thread sees at once; each test begins without memory (app/conftest.py).
REVISION_SECONDS = 1000.0
SESSION_COOKIE_SECURE = False
CSRF_COOKIE_SECURE = False
SECURE_HSTS_SECONDS = 0
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.MD5PasswordHasher",
    "django.contrib.auth.hashers.Argon2PasswordHasher",
]
