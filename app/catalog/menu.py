"""What this area puts into the staff menu."""

from app.access.menu import CATALOGUE, Page, put
from app.catalog.actions import VIEW

put(
    Page("catalog:search", "資料", VIEW, CATALOGUE, "書誌と所蔵を探します", key="F4", order=1),
    Page("catalog:holdings", "所蔵一覧", VIEW, CATALOGUE, "館の所蔵を、列・並び・件数を決めて見ます", order=5),
)
