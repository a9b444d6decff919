"""A MARC 21 file of records that the library does not have yet, and its import on the application host."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from pymarc import Field, Indicators, Record, Subfield

from cli.context import Refused
from lab.twin import Twin

UNIT = "kura-bench-import"
WAIT_SECONDS = 30


def write(path: Path, count: int, seed: int) -> None:
    """So many records with numbers of their own; the same seed gives the same file."""
    with path.open("wb") as out:
        for number in range(count):
            record = Record(force_utf8=True)
            record.add_field(  # type: ignore[no-untyped-call]
                Field(tag="001", data=f"bench{seed:04}{number:07}"),
                Field(tag="008", data="260101s2026    ja ||||g |||| |||||||jpn  "),
                *(
                    Field(tag, Indicators(" ", " "), [Subfield(code, text)])
                    for tag, code, text in _described(number, seed)
                ),
            )
            out.write(record.as_marc())


def _described(number: int, seed: int) -> list[tuple[str, str, str]]:
    return [
        ("245", "a", f"計測のための書誌 第{seed}集 {number}"),
        ("100", "a", f"計測, 太郎{number % 997}"),
        ("260", "b", f"計測出版{number % 89}"),
        ("084", "a", f"{number % 1000:03}"),
    ]


class Import:
    """A context in which the import runs; it is stopped when the context ends, whole batches stay."""

    def __init__(self, twin: Twin, host: str, count: int, seed: int, progress: Callable[[str], None]) -> None:
        self.twin, self.host, self.count, self.seed, self.progress = twin, host, count, seed, progress

    def __enter__(self) -> Import:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "bench.mrc"
            self.progress(f"{self.count:,} records")
            write(path, self.count, self.seed)
            copied = subprocess.run(["scp", "-q", "-F", str(self.twin.ssh_config), path, f"{self.host}:/var/tmp/"])
        if copied.returncode:
            raise Refused(f"{self.host} does not take the file of records")
        command = (
            f"chown kura /var/tmp/bench.mrc; systemd-run --quiet --collect --unit={UNIT} --uid=kura"
            " --property=CPUWeight=20 --property=Nice=10 --setenv=KURA_CONFIG=/etc/kura/library.json"
            " --setenv=DJANGO_SETTINGS_MODULE=app.settings.library --working-directory=/opt/kura/current"
            " /opt/kura/current/venv/bin/python -m app.manage import_marc /var/tmp/bench.mrc"
        )
        code, said = self.twin.shell(self.host, command)
        if code:
            raise Refused(f"the import does not start: {said}")
        deadline = time.monotonic() + WAIT_SECONDS
        while self.twin.shell(self.host, f"systemctl is-active {UNIT}")[0]:
            if time.monotonic() > deadline:
                raise Refused("the import does not run")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        running = self.twin.shell(self.host, f"systemctl is-active {UNIT}")[0] == 0
        self.progress("the import was still running at the end" if running else "the import ended before the end")
        self.twin.shell(self.host, f"systemctl stop {UNIT}; rm -f /var/tmp/bench.mrc")
