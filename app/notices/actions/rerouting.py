"""What did not arrive takes another way: mail to the phone list, a wrong number to paper."""

from datetime import date

from app.notices import queries
from app.notices.codes import AUTOMATIC, PAPER, PERSONAL, Adapter, State
from app.notices.models import BadAddress, Line, Means, Notice

# Of a permanent refusal, those that say nothing against the address: full, too large, policy, the system itself.
PASSING = ("5.2.2", "5.2.3", "5.3", "5.7", "4.")
UNREACHED = "宛先不明"


def reroute(notice: Notice, code: str, today: date, *, bad: bool = True) -> Notice | None:
    """The notice came back with `code`: remember the address and put the lines into a notice by the next means.

    The new one stands on today's list (read in the morning, it is that morning's). Without lines nothing is left to
    say, and without another means it stays with the old one as FAILED. Called with the notice locked.
    """
    means: Means = notice.means
    if notice.kind in PERSONAL:  # neither a link nor a reader's own words are read out on the telephone
        _end(notice, State.BOUNCED, f"{UNREACHED} {code}".strip())
        return None
    if bad and not code.startswith(PASSING):
        remember(notice, code, today)
    table = queries.means_table()
    tried = AUTOMATIC if means.adapter in AUTOMATIC else (*AUTOMATIC, Adapter.CALL)
    ways = [way for way in queries.reachable(notice.patron, table) if table[way].adapter not in tried]
    lines = Line.objects.filter(notice=notice)
    label = f"{UNREACHED} {code}".strip() if means.adapter not in PAPER else f"返戻 {code}".strip()
    if not lines.exists():
        _end(notice, State.BOUNCED, label)
        return None
    if not ways:
        _end(notice, State.FAILED, f"{label}・ほかの連絡先なし")
        return None
    other = Notice.objects.create(
        patron=notice.patron,
        branch=notice.branch,
        kind=notice.kind,
        stage=notice.stage,
        means=table[ways[0]],
        state=State.READY,
        on_date=today,
        batch=notice.batch,
        next_call_on=today,
        replaces=notice,
    )
    lines.update(notice=other)
    _end(notice, State.BOUNCED, label)
    return other


def remember(notice: Notice, code: str, today: date) -> None:
    """Note that the patron's address of this means came back."""
    address = queries.address_of(notice.patron, notice.means)
    if address:
        BadAddress.objects.get_or_create(
            patron=notice.patron,
            field=notice.means.address_field,
            mark=queries.mark_of(address),
            defaults={"code": code[:12], "since": today},
        )


def _end(notice: Notice, state: str, result: str) -> None:
    Notice.objects.filter(pk=notice.pk).update(state=state, result=result[:40])
