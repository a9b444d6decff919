"""The practice site: seen at once, and never on the real database."""

import json
import os
import subprocess
import sys

import pytest

from app.tests import make

CONFIG = {
    "inventory": "nagano",
    "secret_key": "x" * 50,
    "field_keys": [{"id": 1, "secret": "x" * 50}],
    "field_index_secret": "x" * 50,
    "allowed_hosts": ["practice.example"],
}


def settings_with(tmp_path, practice, name):
    """What a process of that site would run with."""
    path = tmp_path / "library.json"
    database = {"host": "db", "name": name, "user": "kura_app"}
    path.write_text(json.dumps({**CONFIG, "practice": practice, "database": database}))
    code = "import app.settings.library as s; print(s.PRACTICE, s.DATABASES['default']['NAME'])"
    environment = {**os.environ, "KURA_CONFIG": str(path)}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)


@pytest.mark.req("F-SYS-017")
@pytest.mark.django_db
def test_every_page_of_the_practice_site_says_so_in_another_colour(settings):
    browser = make.client("counter")
    assert "practice" not in browser.get("/staff/").content.decode()
    settings.PRACTICE = True
    for url in ("/staff/", "/"):
        page = browser.get(url).content.decode()
        assert "練習環境です" in page
        assert 'practice"' in page.split("<body", 1)[1].split(">", 1)[0]


@pytest.mark.req("F-SYS-017")
@pytest.mark.parametrize(
    ("practice", "name", "runs"),
    [(True, "kura_practice", True), (False, "kura", True), (True, "kura", False), (False, "kura_practice", False)],
)
def test_a_practice_site_cannot_be_given_the_real_database_nor_the_other_way_round(tmp_path, practice, name, runs):
    done = settings_with(tmp_path, practice, name)
    assert (done.returncode == 0) == runs
    if runs:
        assert done.stdout.split() == [str(practice), name]
    else:
        assert "ImproperlyConfigured" in done.stderr
