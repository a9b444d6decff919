"""The library site on the application hosts: OPAC, My Page, staff pages."""

import os

from django.core.exceptions import ImproperlyConfigured

from app.settings.areas import *  # noqa: F403
from app.settings.base import *  # noqa: F403
from app.settings.base import read_config

CONFIG = read_config("inventory", "secret_key", "field_keys", "field_index_secret", "allowed_hosts", "database")
INVENTORY = CONFIG["inventory"]
SECRET_KEY = CONFIG["secret_key"]
# Keys of the sealed columns (app/web/sealed.py): on application hosts only, never on the database's.
FIELD_KEYS = CONFIG["field_keys"]
FIELD_INDEX_SECRET = CONFIG["field_index_secret"]
ALLOWED_HOSTS = CONFIG["allowed_hosts"]
# The page 稼働の状態: what is reached from here, and what monitoring sees.
PROBE_LINKS = CONFIG.get("probe_links", True)
PROMETHEUS_URL = CONFIG.get("prometheus_url", "")
# What hosts show to ask which maintainers they let in (roles/maintenance); without one they get no answer.
MAINTENANCE_TOKEN = CONFIG.get("maintenance_token", "")
NATIONAL_LIBRARY_SRU = CONFIG.get("national_library_sru", "")
STRICT_HOSTS = True
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS]

_database = CONFIG["database"]
# Only a server that proves its name with the appliance's own CA gets our password.
_root = _database.get("sslrootcert")
_tls = {"sslmode": "verify-full", "sslrootcert": _root} if _root else {}
# A page never waits long, neither for a lock nor for a search. A command may: it builds indexes and loads millions
# of rows; but a migration that waits for a lock would hold up the counter behind it.
_limits = "-c lock_timeout=5000"
if not os.environ.get("KURA_COMMAND"):
    _limits += " -c statement_timeout=30000"
# The practice site: seen by its colour, and never on the database of the real one, nor the other way round.
PRACTICE = bool(CONFIG.get("practice", False))
if str(_database["name"]).endswith("_practice") != PRACTICE:
    raise ImproperlyConfigured(
        f"practice is {PRACTICE} and the database is {_database['name']}: a practice site's name ends in _practice, "
        "and no other's does"
    )
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": _database["host"],
        "PORT": _database.get("port", 5432),
        "NAME": _database["name"],
        "USER": _database["user"],
        "PASSWORD": _database.get("password", ""),
        "OPTIONS": {
            "connect_timeout": 5,
            # A connection that nobody hears is given up before the counter's page gives up on its answer: what hangs
            # longer would be done after the same scan was done again, and perhaps after the item came back.
            "tcp_user_timeout": 8000,
            "keepalives_idle": 4,
            "keepalives_interval": 2,
            "keepalives_count": 2,
            **_tls,
            "application_name": "kura",
            "options": _limits,
        },
        "CONN_MAX_AGE": 300,
        "CONN_HEALTH_CHECKS": True,
    }
}
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"},
}
