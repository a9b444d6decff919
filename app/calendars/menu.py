"""What this area puts into the staff menu."""

from app.access.menu import MANAGEMENT, Page, put
from app.branches.actions import VIEW
from app.calendars.actions import CLOSE

put(
    Page("calendars:places", "開館日", VIEW, MANAGEMENT, "館ごとの開館日・時間・便の曜日", order=11),
    Page("calendars:changes", "臨時休館", CLOSE, MANAGEMENT, "臨時休館と期限の一括変更", order=14),
)
