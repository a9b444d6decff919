"""What a notice says: a wording, filled with the patron and the lines. Made when it is needed, kept nowhere."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from django.conf import settings
from django.utils import timezone

from app.notices import rules
from app.notices.codes import Adapter, Kind
from app.notices.models import Line, Notice, Wording
from app.notices.tellers import Said
from app.patrons.models import Patron, PatronPolicy
from app.patrons.queries import addressee
from inventory import load

MOST_LINES = 200
# What a card of 100 × 148 mm holds beside the greeting.
POSTCARD_LINES = 6
POSTCARD_TITLE = 24
SAMPLE_LINES = (
    {
        "題名": "ごんぎつね",
        "返却期限": "2026年11月1日(日)",
        "取置期限": "2026年11月30日(月)",
        "受取館": "長野図書館",
        "貸出館": "長野図書館",
        "延滞日数": "21",
        "回答": "購入します。届きましたらご連絡します。",
        "登録語": "新美 南吉",
        "著者": "新美 南吉",
    },
    {
        "題名": "銀河鉄道の夜",
        "返却期限": "2026年11月3日(火)",
        "取置期限": "2026年11月30日(月)",
        "受取館": "長野図書館",
        "貸出館": "南部図書館",
        "延滞日数": "19",
        "回答": "他の図書館から借り受けます。",
        "登録語": "銀河鉄道",
        "著者": "宮沢 賢治",
    },
)


@dataclass(frozen=True)
class Text:
    """A notice in words."""

    subject: str
    body: str
    addressee: str
    lines: tuple[str, ...]


@lru_cache(maxsize=4)
def _organisation(inventory: str) -> tuple[str, str]:
    row = load(inventory).organisation
    return row.name, row.domain


def library_name() -> str:
    """The library's name as the inventory gives it."""
    return _organisation(settings.INVENTORY)[0]


def mail_domain() -> str:
    """The library's domain as the inventory gives it."""
    return _organisation(settings.INVENTORY)[1]


def title_of(line: Line) -> str:
    """The title a line is about; empty for an event without one."""
    if line.loan_id and line.loan:
        return str(line.loan.item.record.title)
    if line.hold_id and line.hold:
        return str(line.hold.record.title)
    return line.request.title if line.request_id and line.request else ""


def _line_values(line: Line, today: date) -> dict[str, str]:
    values = {"題名": title_of(line)}
    if line.loan_id and line.loan:
        values["返却期限"] = rules.japanese_date(line.loan.due_on)
        values["貸出館"] = line.loan.branch.name
        values["延滞日数"] = str(max(0, (today - line.loan.due_on).days))
    if line.hold_id and line.hold:
        values["受取館"] = line.hold.pickup.name
        last = line.hold.keep_until
        values["取置期限"] = rules.japanese_date(last) if last else "窓口でお尋ねください"
    if line.request_id and line.request:
        values["回答"] = line.request.answer
    return {**dict.fromkeys(SAMPLE_LINES[0], ""), **values}


def _earliest(notice: Notice, lines: Iterable[Line]) -> date | None:
    days = [
        day
        for line in lines
        if (day := line.loan.due_on if line.loan_id and line.loan else line.hold.keep_until if line.hold else None)
    ]
    return min(days, default=notice.patron.valid_until if notice.kind == Kind.CARD else None)


def filled(
    wording: Wording, values: Mapping[str, str], lines: Iterable[Mapping[str, str]], most: int = MOST_LINES
) -> Text:
    """A wording with everything put in; of more than `most` lines the last ones are a number."""
    said = tuple(rules.fill(wording.line, line) for line in lines) if wording.line else ()
    if len(said) > most:
        said = (*said[: most - 1], f"　ほか{len(said) - most + 1}点")
    values = {**values, "明細": "\n".join(said)}
    return Text(rules.fill(wording.subject, values), rules.fill(wording.body, values), values["宛名"], said)


def text_of(
    notice: Notice, wording: Wording, lines: list[Line], terms: PatronPolicy, today: date, said: Said | None = None
) -> Text:
    """What a notice says today. The notice comes with patron and branch, the lines with what they are about; `said`
    is what a later area has to say instead of them."""
    patron: Patron = notice.patron
    earliest = _earliest(notice, lines)
    values = {
        "氏名": patron.name,
        "宛名": addressee(patron, today, terms),
        "図書館名": library_name(),
        "館名": notice.branch.name if notice.branch else "",
        "点数": str(len(lines)),
        "期限": rules.japanese_date(earliest) if earliest else "",
        "今日": rules.japanese_date(today),
        "利用券期限": rules.japanese_date(patron.valid_until) if patron.valid_until else "",
    }
    if said is not None:
        empty = dict.fromkeys(SAMPLE_LINES[0], "")
        return filled(wording, {**values, **said.values}, [{**empty, **line} for line in said.lines])
    said_lines = [_line_values(line, today) for line in lines]
    if notice.means.adapter != Adapter.POSTCARD:
        return filled(wording, values, said_lines)
    for line in said_lines:
        line["題名"] = rules.shortened(line["題名"], POSTCARD_TITLE)
    return filled(wording, values, said_lines, POSTCARD_LINES)


def sample_of(wording: Wording) -> Text:
    """A wording filled with made-up values, for the editor's preview."""
    today = timezone.localdate()
    values = {
        "氏名": "小林 花子",
        "宛名": "小林 花子 様",
        "図書館名": library_name(),
        "館名": "長野図書館",
        "点数": str(len(SAMPLE_LINES)),
        "期限": SAMPLE_LINES[0]["返却期限"],
        "今日": rules.japanese_date(today),
        "利用券期限": "2027年3月31日(水)",
        "手続ページ": "https://opac.example.jp/my/…",
        "有効時刻": "10時30分",
    }
    return filled(wording, values, SAMPLE_LINES)
