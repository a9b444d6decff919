"""What gunicorn loads: `gunicorn app.wsgi:application`; DJANGO_SETTINGS_MODULE chooses the site."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "app.settings.library")
application = get_wsgi_application()
