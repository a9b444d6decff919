"""The library as a browser meets it: the twin's terminals, or (for quick work on screens) a server of this machine.

`KURA_BROWSER=local` chooses the latter: a private database with the demonstration, `runserver`, and Chromium without
the twin's network. Tests that need the network say so by asking for the fixtures `twin` or `terminals`.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from playwright.sync_api import BrowserContext, Page, Playwright, expect

from lab.browser import QUIET

LOCAL = os.environ.get("KURA_BROWSER") == "local"
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
COUNTER, KIOSK = "staff-nagano-1", "opac-nagano-1"


class House(Protocol):
    """What a test of a working day needs."""

    def staff(self, path: str) -> str: ...

    def opac(self, path: str) -> str: ...

    def secret(self, name: str) -> str: ...

    def sql(self, query: str) -> list[list[str]]:
        """Rows of one SELECT, every value as text."""
        ...

    def context(
        self, host: str, width: int = 1280, height: int = 800, *, scripts: bool = True
    ) -> Iterator[BrowserContext]: ...


class LocalHouse:
    """A server of this machine over the demonstration, for the time of a test run."""

    def __init__(self, driver: Playwright, scratch: Path) -> None:
        self._driver, self._scratch = driver, scratch
        self._database = f"kura_browser_{os.getpid()}"
        self._environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "app.settings.dev",
            "KURA_TEST_DB": self._database,
            "KURA_INVENTORY": "nagano",
        }
        self.port = _free_port()
        self._server: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Database, demonstration, server, browser."""
        self._psql(f"CREATE DATABASE \"{self._database}\" TEMPLATE template0 ENCODING 'UTF8'")
        for who in ("admin", "librarian", "counter", "patron", "operator"):
            (self._scratch / f"demo_{who}").write_text(f"yomu-yomu-{who}-1")
        for step in ("migrate --verbosity 0", "sync_branches", f"load_demo --secrets {self._scratch}"):
            self._manage(*step.split())
        self.open()
        self._browser = self._driver.chromium.launch(executable_path=CHROMIUM, args=QUIET, headless=True)

    def open(self) -> None:
        """Start the server."""
        argv = [sys.executable, "-m", "app.manage", "runserver", f"127.0.0.1:{self.port}", "--noreload"]
        with (self._scratch / "server.log").open("ab") as log:
            self._server = subprocess.Popen(argv, env=self._environment, stdout=log, stderr=log)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(self.staff("/health"), timeout=5).close()
                return
            except OSError:
                time.sleep(0.2)
        raise AssertionError((self._scratch / "server.log").read_text()[-2000:])

    def stop(self) -> None:
        """Take everything down again."""
        self._browser.close()
        if self._server:
            self._server.terminate()
            self._server.wait(timeout=20)
        self._psql(f'DROP DATABASE "{self._database}" WITH (FORCE)')

    def staff(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    opac = staff

    def secret(self, name: str) -> str:
        cards = {"demo_card": "1000000016", "demo_card_2": "1000000024"}
        return cards.get(name) or (self._scratch / name).read_text().strip()

    def sql(self, query: str) -> list[list[str]]:
        return _rows(self._psql(query, self._database))

    @contextmanager
    def context(
        self, host: str, width: int = 1280, height: int = 800, *, scripts: bool = True
    ) -> Iterator[BrowserContext]:
        context = self._browser.new_context(
            locale="ja-JP", viewport={"width": width, "height": height}, java_script_enabled=scripts
        )
        context.set_default_timeout(40_000)
        try:
            yield context
        finally:
            context.close()

    def _manage(self, *argv: str) -> None:
        subprocess.run([sys.executable, "-m", "app.manage", *argv], env=self._environment, check=True)

    def _psql(self, query: str, database: str = "postgres") -> str:
        socket_folder = os.environ.get("KURA_WORKSHOP", "/run/kura/workshop")
        argv = ["psql", "-h", socket_folder, "-U", "kura", "-d", database, "-qAtc", query]
        return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


class TwinHouse:
    """The twin: browsers on terminals' networks, through the VPN; the database asked on its own host."""

    def __init__(self, twin: object, terminals: object) -> None:
        self.twin, self.terminals = twin, terminals

    def staff(self, path: str) -> str:
        return f"https://{self.twin.site.fqdn('staff')}{path}"

    def opac(self, path: str) -> str:
        return f"https://{self.twin.site.fqdn('opac')}{path}"

    def secret(self, name: str) -> str:
        return self.twin.secret(name)

    def sql(self, query: str) -> list[list[str]]:
        done = self.twin.run("db1", "psql -U postgres -h /run/postgresql -d kura -qAt", stdin=f"{query};\n")
        assert done.ok, done.stdout
        return _rows(done.stdout)

    @contextmanager
    def context(
        self, host: str, width: int = 1280, height: int = 800, *, scripts: bool = True
    ) -> Iterator[BrowserContext]:
        with self.terminals.context(host, width, height, scripts=scripts) as context:
            yield context


def _rows(text: str) -> list[list[str]]:
    return [line.split("|") for line in text.splitlines() if line]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def sign_in(page: Page, house: House, who: str = "librarian", path: str = "/counter/") -> None:
    """Sign in with the keyboard and end on the page."""
    page.goto(house.staff(path))
    expect(page.locator("[name=number]")).to_be_focused()
    page.keyboard.type(who)
    page.keyboard.press("Tab")
    page.keyboard.type(house.secret(f"demo_{who}"))
    page.keyboard.press("Enter")
    page.wait_for_url(house.staff(path))
    expect(page.locator("body")).to_have_attribute("data-staff", who)


def scan(page: Page, *numbers: str) -> None:
    """What a reader in front of the counter types; the next scan does not wait for anybody.

    Nobody reads a first number before the page shows its cursor.
    """
    expect(page.locator(":focus")).to_have_count(1)
    for number in numbers:
        page.keyboard.type(number)
        page.keyboard.press("Enter")


def settled(page: Page) -> None:
    """Every scan that was typed is answered."""
    page.wait_for_function(
        "() => { const form = document.getElementById('scan');"
        " return form && !form.hasAttribute('aria-busy') && !document.getElementById('waiting').textContent; }"
    )


def go(page: Page, key: str, path: str) -> None:
    """Press a key that opens a counter's screen, and wait until it may be read there."""
    page.keyboard.press(key)
    page.wait_for_url(f"**{path}")
    expect(page.locator("#tools")).to_be_visible()
    expect(page.locator("#number")).to_be_focused()


FREE = """
SELECT item.barcode FROM catalog_item item JOIN branches_branch branch ON branch.id = item.branch_id
JOIN catalog_bibliographicrecord record ON record.id = item.record_id
WHERE item.status = 'in_stock' AND NOT item.reference_only AND branch.code = '{branch}' AND record.origin = 'demo'
AND item.material_type NOT IN ('reference', 'magazine') AND item.attachment_count = 0
AND NOT EXISTS (SELECT FROM circulation_loan loan WHERE loan.item_id = item.id)
AND NOT EXISTS (SELECT FROM holds_hold hold WHERE hold.record_id = item.record_id)
AND NOT EXISTS (SELECT FROM transfers_transfer way WHERE way.item_id = item.id)
AND NOT EXISTS (SELECT FROM circulation_handledtoday seen WHERE seen.item_id = item.id)
AND ({lone} OR NOT EXISTS (SELECT FROM catalog_item copy WHERE copy.record_id = item.record_id AND copy.id <> item.id))
ORDER BY item.id DESC LIMIT {number}
"""


def free_items(house: House, number: int, branch: str = "nagano", *, lone: bool = False) -> list[str]:
    """Barcodes of items on the shelf that nobody waits for and nobody touched today; `lone` ones have no other copy."""
    query = FREE.format(branch=branch, number=number, lone=not lone)
    found = [row[0] for row in house.sql(query.replace("\n", " ").strip())]
    assert len(found) == number, f"the demonstration has only {len(found)} free items at {branch}"
    return found


EMPTY = """
SELECT card_number FROM patrons_patron patron WHERE withdrawn_on IS NULL AND stopped_until IS NULL
AND valid_until > current_date + 2 AND card_number NOT IN ('1000000016', '1000000024')
AND NOT EXISTS (SELECT FROM circulation_loan loan WHERE loan.patron_id = patron.id)
AND NOT EXISTS (SELECT FROM holds_hold hold WHERE hold.patron_id = patron.id)
ORDER BY id LIMIT {number}
"""


def empty_patrons(house: House, number: int) -> list[str]:
    """Cards of patrons who have nothing out and wait for nothing."""
    found = [row[0] for row in house.sql(EMPTY.format(number=number).replace("\n", " ").strip())]
    assert len(found) == number
    return found
