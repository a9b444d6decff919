"""What My Page's own notices say, found at the moment they are sent and kept nowhere."""

from datetime import date, datetime
from uuid import UUID

from django.utils import timezone

from app.mypage import links, queries
from app.mypage.models import MailChange, PasswordReset
from app.notices.models import Line, Notice
from app.notices.tellers import Said


def _event(line: Line) -> str:
    return line.key.rpartition(":")[2]


def _clock(until: datetime) -> str:
    local = timezone.localtime(until)
    return f"{local.month}月{local.day}日{local.hour}時{local.minute:02}分"


def reset(notice: Notice, line: Line, now: datetime) -> Said | None:
    """The link to a new password, as long as it is good, to the registered address."""
    rows = PasswordReset.objects.filter(pk=int(_event(line)), patron=notice.patron_id, used_at=None, expires_at__gt=now)
    found = rows.first()
    if found is None:
        return None
    return Said({"手続ページ": links.address_of(links.RESET, found.nonce), "有効時刻": _clock(found.expires_at)})


def mail_check(notice: Notice, line: Line, now: datetime) -> Said | None:
    """The question whether an address is the reader's, to that address, unless another was asked for since."""
    nonce = UUID(hex=_event(line))
    found = MailChange.objects.filter(pk=notice.patron_id, nonce=nonce, expires_at__gt=now).first()
    if found is None:
        return None
    values = {"手続ページ": links.address_of(links.MAIL, nonce), "有効時刻": _clock(found.expires_at)}
    return Said(values, to=found.address)


def arrival(notice: Notice, line: Line, now: datetime) -> Said | None:
    """What came new for a reader on the day of the event; nothing when the words were taken back since."""
    found = queries.arrivals_for(notice.patron_id, date.fromisoformat(_event(line)))
    if not found:
        return None
    lines = tuple(
        {
            "題名": f"{record.title} {record.volume}".strip(),
            "著者": "、".join(record.creators[:2]),
            "登録語": watch.content["text"],
        }
        for watch, record in found
    )
    return Said({"点数": str(len(lines))}, lines)
