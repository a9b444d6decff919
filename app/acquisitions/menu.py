"""What this area puts into the staff menu."""

from app.access.menu import CATALOGUE, Page, put
from app.acquisitions.actions import VENDORS, VIEW

put(
    Page("acquisitions:orders", "発注と受入", VIEW, CATALOGUE, "発注中の資料・届いた資料の受入れ", order=40),
    Page("acquisitions:vendors", "発注先", VENDORS, CATALOGUE, "書店・割引率・連絡先", order=41),
)
