"""Settings of roles on which reports, protection and privacy depend."""

from __future__ import annotations

import re
from pathlib import Path

import yaml
from django.urls import Resolver404, resolve

ROOT = Path(__file__).parents[2]


def role_file(name: str) -> str:
    """Text of a file of a role."""
    return (ROOT / "roles" / name).read_text("utf-8")


def test_measurements_outlive_the_quarter_whose_report_is_made_of_them():
    kept = yaml.safe_load(role_file("prometheus/defaults/main.yml"))["prometheus_retention"]
    assert re.fullmatch(r"\d+d", kept)
    assert int(kept[:-1]) >= 100


def resolves(path: str) -> bool:
    """Whether a page of the library or the console answers at a path."""
    # The console's pages cannot be loaded beside the library's: they are looked up as text.
    if f'path("{path.removeprefix("/")}"' in (ROOT / "app/operations/urls.py").read_text("utf-8"):
        return True
    try:
        resolve(path)
    except Resolver404:
        return False
    return True


def test_every_path_with_a_rate_of_its_own_exists_and_searches_are_among_them():
    paths = yaml.safe_load(role_file("nginx/defaults/main.yml"))["nginx_dear_paths"]
    patterns = [re.compile(path.removeprefix("~ ")) for path in paths if path.startswith("~ ")]
    assert [path for path in paths if not path.startswith("~ ") and not resolves(path)] == []
    dear = ("/", "/suggest", "/advanced/", "/my/sign-in/", "/my/reset/")
    for path in dear:
        assert resolves(path), path
        for door in ("", "/en", "/kids", "/kiosk/ko"):
            assert any(pattern.search(door + path) for pattern in patterns), door + path
    assert not any(pattern.search(path) for pattern in patterns for path in ("/records/1/", "/my/", "/new/"))


def test_an_upload_that_is_too_large_is_answered_by_a_page_that_is_there():
    pages = dict(re.findall(r"error_page (\d+) /\.kura/(\S+);", role_file("nginx/templates/nginx.conf.j2")))
    assert {"403", "413", "429"} <= pages.keys()
    for page in pages.values():
        assert f'/{page}"' in role_file("nginx/tasks/main.yml")


def test_errors_of_requests_reach_nobody_but_who_cuts_their_addresses_off():
    """nginx quotes the request in them; roles/log_client takes what stands before it, from the socket of both."""
    nginx = role_file("nginx/templates/nginx.conf.j2")
    inside = nginx[nginx.index("http {") :]
    assert re.findall(r"error_log (.*);", inside) == ["{{ nginx_error_log }} warn"]
    socket = yaml.safe_load(role_file("log_client/defaults/main.yml"))["log_client_web_errors"]
    target = yaml.safe_load((ROOT / "playbooks/vars/web.yml").read_text("utf-8"))["nginx_error_log"]
    assert target.startswith(f"syslog:server=unix:{socket},")
    sender = role_file("log_client/templates/rsyslog.conf.j2")
    assert 'socket="{{ log_client_web_errors }}" ruleset="web_errors"' in sender
    rules = sender[sender.index('ruleset(name="web_errors")') :].partition("\n}")[0]
    assert 'set $.text = field($msg, ", client: ", 1);' in rules
    assert 'property(name="msg"' not in sender  # what is sent is the text, cut or whole


def test_the_database_log_holds_no_statement_and_no_detail():
    rows = re.findall(r"^(log_\w+) = (\S+)", role_file("postgresql/templates/kura.conf.j2"), re.MULTILINE)
    settings = dict(rows)
    assert len(rows) == len(settings)
    assert settings["log_min_error_statement"] == "panic"
    assert settings["log_error_verbosity"] == "terse"
    assert settings["log_min_duration_statement"] == "-1"
    assert settings["log_lock_waits"] == "on"
