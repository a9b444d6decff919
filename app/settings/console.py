"""The operations console on the monitoring host: its own SQLite, alive when the library is not."""

from app.settings.base import *  # noqa: F403
from app.settings.base import BASE_APPS, BASE_DIR, BASE_MIDDLEWARE, read_config

CONFIG = read_config(
    "inventory", "secret_key", "allowed_hosts", "prometheus_url", "alertmanager_url", "monitoring", "hook_token"
)
INVENTORY = CONFIG["inventory"]
SECRET_KEY = CONFIG["secret_key"]
ALLOWED_HOSTS = CONFIG["allowed_hosts"]
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS] + [f"https://{host}:*" for host in ALLOWED_HOSTS]
PROMETHEUS_URL = CONFIG["prometheus_url"]
ALERTMANAGER_URL = CONFIG["alertmanager_url"]
# Dashboards and runbooks, written by the deployment: the console asks Prometheus nothing else.
MONITORING = CONFIG["monitoring"]
# Records of runs and inspections that the controller delivers (monitoring/delivery.py).
INBOX = CONFIG.get("inbox", "/var/lib/kura/inbox")
# Where planned stops are announced; empty: nowhere.
LIBRARY_URL = CONFIG.get("library_url", "")
LIBRARY_TOKEN = CONFIG.get("library_token", "")
LIBRARY_AUTHORITY = CONFIG.get("library_authority", "")
HOOK_TOKEN = CONFIG["hook_token"]

INSTALLED_APPS = [
    *BASE_APPS,
    "app.operations",
    "app.incidents",
    "app.upkeep",
    "app.registers",
    "app.logs",
]
MIDDLEWARE = [
    *BASE_MIDDLEWARE,
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "app.operations.access.ConsoleRoles",
]
ROOT_URLCONF = "app.urls.console"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": CONFIG.get("database", {}).get("path", "/var/lib/kura/console.sqlite3"),
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 5,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
    }
}
# Apart from the library's, where one server has both.
STATIC_ROOT = CONFIG.get("static_root", BASE_DIR / "static-console")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"},
}
LOGIN_URL = "operations:sign-in"
LOGIN_REDIRECT_URL = "operations:overview"
LOGOUT_REDIRECT_URL = "operations:sign-in"
SESSION_COOKIE_NAME = "kura_console"
# A screen on the wall of the operations room stays signed in for a shift.
STAFF_IDLE_SECONDS = 12 * 60 * 60
SESSION_COOKIE_AGE = STAFF_IDLE_SECONDS
# The archive of all hosts' records, and the long history of their measurements (role log_server writes both).
LOG_ARCHIVE = CONFIG.get("log_archive", "/var/log/archive")
HISTORY = CONFIG.get("history", "/var/lib/kura-history/history.sqlite3")
