"""What this area puts into the staff menu."""

from app.access.menu import CATALOGUE, Page, put
from app.labels.actions import PRINT

put(
    Page("labels:spines", "背ラベル", PRINT, CATALOGUE, "請求記号のラベルを用紙の好きな位置から", order=30),
    Page("labels:barcodes", "バーコードラベル", PRINT, CATALOGUE, "資料番号のラベルを連番で", order=31),
    Page("labels:layouts", "ラベルの様式", PRINT, CATALOGUE, "用紙・段・色・位置", order=32),
)
