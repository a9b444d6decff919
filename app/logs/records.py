"""One record of the archive, and the words its fields are told in. Pure: no files, no clock.

A record is a line of five fields between tabs: instant (UTC, RFC 3339 with microseconds), host, service, severity and
text. rsyslog writes it (roles/log_server); instants compare as text because all are in one zone and of one length.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

# What a record is about: the file it is kept in (roles/log_server decides) and its name on screen.
KINDS = {
    "hardware": "機器",
    "os": "基盤（OS）",
    "database": "データベース",
    "web": "Webサーバ",
    "access": "Webの閲覧",
    "application": "アプリケーション",
    "operation": "操作",
    "measure": "使用率",
}
# As syslog numbers them: 0 is the worst.
SEVERITIES = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")
SEVERITY_TITLES = ("緊急", "警戒", "重大", "誤り", "注意", "通知", "情報", "詳細")
ERROR = SEVERITIES.index("err")
_NUMBERS = {name.encode(): number for number, name in enumerate(SEVERITIES)}
UNKNOWN_SEVERITY = SEVERITIES.index("notice")
INSTANT_LENGTH = 32
FIRST, LAST = "0", "~"  # before and after every instant, as text


@dataclass(frozen=True, slots=True)
class Record:
    """One line of the archive."""

    instant: str
    host: str
    service: str
    severity: int
    text: str
    kind: str

    @property
    def at(self) -> datetime:
        """The instant; ValueError when the line was damaged."""
        return datetime.fromisoformat(self.instant)

    @property
    def severity_title(self) -> str:
        """The severity as the screen tells it."""
        return SEVERITY_TITLES[self.severity]

    @property
    def kind_title(self) -> str:
        """What it is about, as the screen tells it."""
        return KINDS.get(self.kind, self.kind)


def instant(at: datetime) -> str:
    """An instant as records have it; ValueError for one without a zone."""
    if at.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def line(at: datetime, host: str, service: str, severity: str, text: str) -> str:
    """A record as a line, with its end. What would break the line is shown as rsyslog shows it."""
    safe = "".join(sign if sign >= " " and sign != "\x7f" else f"#{ord(sign):03o}" for sign in text)
    return f"{instant(at)}\t{host}\t{service}\t{severity}\t{safe}\n"


def severity_number(name: bytes) -> int:
    """The number of a severity; what is none counts as a notice."""
    return _NUMBERS.get(name, UNKNOWN_SEVERITY)


def severity_of(raw: bytes) -> int:
    """The severity's number of a line; one that says none counts as a notice."""
    fields = raw.split(b"\t", 4)
    return severity_number(fields[3]) if len(fields) == 5 else UNKNOWN_SEVERITY


def parse(raw: bytes, kind: str) -> Record:
    """The record of a line. A line that is none is shown whole, as the text of an unknown host: nothing is hidden."""
    fields = raw.rstrip(b"\n").split(b"\t", 4)
    if len(fields) != 5:
        return Record(FIRST, "", "", UNKNOWN_SEVERITY, raw.decode("utf-8", "replace"), kind)
    when, host, service, severity, text = fields
    return Record(
        when.decode("ascii", "replace"),
        host.decode("utf-8", "replace"),
        service.decode("utf-8", "replace"),
        severity_number(severity),
        text.decode("utf-8", "replace"),
        kind,
    )
