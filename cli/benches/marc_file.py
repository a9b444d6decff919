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


def write_full(path: Path, count: int, seed: int) -> None:
    """A file as the national bibliography delivers it: kana and romaji of every heading, two editions of the
    classification, about 1.2 kB a record. Written by hand: the general library takes minutes for a million."""
    with path.open("wb") as out:
        for number in range(count):
            out.write(_full(number, seed))


def _full(number: int, seed: int) -> bytes:
    who, house, word = number % 9973, number % 397, number % 1009
    year = 1950 + number % 76
    lines = [
        ("001", f"{seed:03}{number:09}"), ("003", "JTNDL"), ("005", "20260101000000.0"), ("007", "ta"),
        ("008", f"260101s{year}    ja ||||g |||| ||||||jpn  "),
        ("015", f"  $a{seed:03}{number:08}$2jnb"),
        ("040", "  $aJTNDL$bjpn$cJTNDL$encr/1987"),
        ("084", f"  $a{number % 1000:03}.{number % 10}$2njb/10"),
        ("084", f"  $a{number % 1000:03}$2njb/09"),
        ("245", f"00$6880-01$a計測の書誌 {number} :$b速さの研究その{word} /$c計測太郎{who} 著."),
        ("260", f"  $6880-02$a東京 :$b計測出版{house},$c{year}.4."),
        ("300", "  $a301p ;$c19cm."),
        ("490", f"0 $6880-03$a計測叢書 ;$v{word}"),
        ("650", f" 7$6880-04$a速さ{word}$2ndlsh"),
        ("700", f"1 $6880-05$a計測, 太郎{who}"),
        ("880", f"00$6245-01/$1$aケイソク ノ ショシ {number} :$bハヤサ ノ ケンキュウ ソノ {word}."),
        ("880", f"00$6245-01/(B$aKeisoku no shoshi {number} :$bHayasa no kenkyu sono {word}."),
        ("880", f"  $6260-02/$1$bケイソク シュッパン {house}."),
        ("880", "0 $6490-03/$1$aケイソク ソウショ"),
        ("880", f" 7$6650-04/$1$aハヤサ {word}"),
        ("880", f"1 $6700-05/$1$aケイソク, タロウ {who}"),
        ("880", f"1 $6700-05/(B$aKeisoku, Taro {who}"),
    ]  # fmt: skip
    directory, body = b"", b""
    for tag, text in lines:
        data = text.replace("/$1", "/\0").replace("$", "\x1f").replace("\0", "$1").encode() + b"\x1e"
        directory += b"%s%04d%05d" % (tag.encode(), len(data), len(body))
        body += data
    base = 24 + len(directory) + 1
    leader = b"%05dcam a22%05d i 4500" % (base + len(body) + 1, base)
    return leader + directory + b"\x1e" + body + b"\x1d"


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
