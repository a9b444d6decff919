"""What this area puts into the staff menu."""

from app.access.menu import MANAGEMENT, Page, put
from app.regulations.actions import CODES, VIEW, WORDS

put(
    Page("regulations:table", "利用規則", VIEW, MANAGEMENT, "点数・期間・延長・予約・督促の規則", order=10),
    Page("regulations:codes", "コード表", CODES, MANAGEMENT, "資料種別・所在・利用者区分の名称と並び", order=12),
    Page("regulations:words", "文言", WORDS, MANAGEMENT, "警告・案内・レシート・OPACの文言", order=13),
)
