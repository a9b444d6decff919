"""Everything that writes in My Page. What is a reader's own, the reader alone may touch: each action names the patron
it acts for, and `own` refuses everybody else."""

from app.mypage.actions.families import end_share, share
from app.mypage.actions.favourites import TooMany, keep, let_go
from app.mypage.actions.mailing import MailRefused, ask_mail, confirm_mail, give_up_mail
from app.mypage.actions.nightly import forget
from app.mypage.actions.reading import begin_reading, copy_loans, end_reading, forget_title
from app.mypage.actions.resetting import LinkOver, answer_asks, ask_reset, use_reset
from app.mypage.actions.watching import tell_arrivals, unwatch, watch

__all__ = [
    "LinkOver",
    "MailRefused",
    "TooMany",
    "answer_asks",
    "ask_mail",
    "ask_reset",
    "begin_reading",
    "confirm_mail",
    "copy_loans",
    "end_reading",
    "end_share",
    "forget",
    "forget_title",
    "give_up_mail",
    "keep",
    "let_go",
    "share",
    "tell_arrivals",
    "unwatch",
    "use_reset",
    "watch",
]
