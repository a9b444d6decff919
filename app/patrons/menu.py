"""What this area puts into the staff menu."""

from app.access.menu import PATRONS, Page, put
from app.patrons.actions import VIEW

put(
    Page("patrons:search", "利用者", VIEW, PATRONS, "利用者を探し、登録します", key="F6", order=1),
)
