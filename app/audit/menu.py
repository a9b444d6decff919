"""What this area puts into the staff menu."""

from app.access.menu import MANAGEMENT, Page, put
from app.audit.actions import SEARCH

put(
    Page("audit:search", "監査", SEARCH, MANAGEMENT, "操作と閲覧の記録を調べます", order=90),
)
