"""Pure decisions about files with personal data."""

from dataclasses import dataclass
from datetime import date, timedelta

WAITING, READY, DECLINED, ERASED = "waiting", "ready", "declined", "erased"
STATE_NAMES = {WAITING: "承認待ち", READY: "受取可", DECLINED: "不承認", ERASED: "消去済み"}


@dataclass(frozen=True)
class Limits:
    """How far an export goes: rows up to which nobody else is asked, rows at most, days until it is erased."""

    approval_rows: int = 1000
    most_rows: int = 200_000
    keep_days: int = 7


def needs_approval(rows: int, limits: Limits) -> bool:
    """More rows than the limit need another person's approval (F-AUD-009)."""
    return rows > limits.approval_rows


def erase_on(today: date, limits: Limits) -> date:
    """The day on which a file made today is erased (F-AUD-014)."""
    return today + timedelta(days=limits.keep_days)


def state(*, needs_approval: bool, approved: bool | None, erased: bool) -> str:
    """Where an export stands."""
    if erased:
        return ERASED
    if approved is False:
        return DECLINED
    return WAITING if needs_approval and not approved else READY


def safe_name(name: str) -> str:
    """A list's title as part of a file name, without signs that Windows refuses."""
    return "".join("_" if sign in '\\/:*?"<>|\r\n\t' else sign for sign in name).strip(" .") or "一覧"


def file_name(name: str, day: date, suffix: str, *, sjis: bool, replaced: int) -> str:
    """E.g. 延滞一覧_20261123_SJIS（置換3字）.csv: whoever opens the file is told that characters are missing."""
    mark = ("_SJIS" + (f"（置換{replaced}字）" if replaced else "")) if sjis else ""
    return f"{safe_name(name)}_{day:%Y%m%d}{mark}{suffix}"
