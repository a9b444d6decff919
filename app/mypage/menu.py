"""What this area puts into the staff menu."""

from app.access.menu import COUNTER, Page, put
from app.mypage.actions.operations import CONFIRM_SEAT

put(Page("seats:show", "席・端末の予約", CONFIRM_SEAT, COUNTER, "今日の学習席と端末、来館の確定", order=70))
