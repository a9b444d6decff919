"""What this area puts into the staff menu."""

from app.access.menu import COUNTER, Page, put
from app.circulation.actions import GIVE_BACK, LEND

put(
    Page("circulation:lend", "貸出", LEND, COUNTER, "利用券、資料の順に読み取ります", key="F2", order=1),
    Page("circulation:give_back", "返却", GIVE_BACK, COUNTER, "資料を読み取ります", key="F3", order=2),
)
