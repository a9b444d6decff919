"""What this area puts into the staff menu."""

from app.access.menu import HOLDS, Page, put
from app.interlibrary.actions import PARTNERS, VIEW

put(
    Page("interlibrary:borrowings", "相互貸借（借受）", VIEW, HOLDS, "他館への依頼・到着・返送", order=70),
    Page("interlibrary:partners", "相手館", PARTNERS, HOLDS, "他館の連絡先・貸出条件", order=71),
)
