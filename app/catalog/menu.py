"""What this area puts into the staff menu."""

from app.access.menu import CATALOGUE, Page, put
from app.catalog.actions import VIEW

put(
    Page("catalog:search", "資料", VIEW, CATALOGUE, "書誌と所蔵を探します", key="F4", order=1),
)
