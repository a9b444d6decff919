"""A real Chromium on a terminal of the twin: its network, its name resolution, the appliance's own authority."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

from lab.browser import QUIET, wrapper
from tests.browser.house import LOCAL, House, LocalHouse, TwinHouse
from tests.twin.conftest import RunningTwin, twin  # noqa: F401 - the fixture

# A busy machine is no fault of the page; what has to be fast is measured where it is said.
expect.set_options(timeout=20_000)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Playwright]:
    """The driver of all browsers of this run."""
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def house(request: pytest.FixtureRequest, chromium: Playwright, tmp_path_factory) -> Iterator[House]:
    """The library: the twin, or a server of this machine (`KURA_BROWSER=local`)."""
    if not LOCAL:
        yield TwinHouse(request.getfixturevalue("twin"), request.getfixturevalue("terminals"))
        return
    local = LocalHouse(chromium, tmp_path_factory.mktemp("house"))
    local.start()
    yield local
    local.stop()


@pytest.fixture(scope="session")
def terminals(twin: RunningTwin, chromium: Playwright, tmp_path_factory) -> Iterator[Terminals]:  # noqa: F811
    """Browsers on terminals, one per host, closed at the end of the run."""
    terminals = Terminals(twin, chromium, tmp_path_factory.mktemp("chromium"))
    yield terminals
    terminals.close()


class Terminals:
    """Browsers by host name: each runs on that host's network with that host's resolver."""

    def __init__(self, twin: RunningTwin, driver: Playwright, scratch: Path) -> None:  # noqa: F811
        self._twin, self._driver, self._scratch = twin, driver, scratch
        self._open: dict[str, Browser] = {}

    def browser(self, host: str) -> Browser:
        """The browser of a host, started on first use."""
        if host not in self._open:
            command = wrapper(self._twin.lab, host, self._scratch / host)
            self._open[host] = self._driver.chromium.launch(executable_path=command, args=QUIET, headless=True)
        return self._open[host]

    @contextmanager
    def context(
        self, host: str, width: int = 1280, height: int = 800, *, scripts: bool = True
    ) -> Iterator[BrowserContext]:
        """A fresh browser (own cookies) in Japanese on a host; the name staff or opac resolves there."""
        context = self.browser(host).new_context(
            locale="ja-JP", viewport={"width": width, "height": height}, java_script_enabled=scripts
        )
        context.set_default_timeout(20_000)
        try:
            yield context
        finally:
            context.close()

    @contextmanager
    def page(self, host: str, width: int = 1280, height: int = 800) -> Iterator[Page]:
        """A fresh page of such a browser."""
        with self.context(host, width, height) as context:
            yield context.new_page()

    def close(self) -> None:
        """Close them all."""
        for browser in self._open.values():
            browser.close()
