"""What this area puts into the staff menu."""

from app.access.menu import MANAGEMENT, NOTICES, Page, put
from app.features.actions import MOBILE, PLANS, POLICY, VIEW

put(
    Page("features:articles", "お知らせ・ページ", VIEW, NOTICES, "下書き・承認・予約公開", order=60),
    Page("features:lists", "テーマ別一覧", VIEW, NOTICES, "職員が選んだ資料の一覧", order=62),
    Page("features:floors", "館内図", PLANS, MANAGEMENT, "階ごとの書架と請求記号の範囲", order=30),
    Page("features:courses", "移動図書館の巡回", MOBILE, MANAGEMENT, "コース・場所・巡回日・運休", order=13),
    Page("features:policy", "新着・人気の一覧", POLICY, MANAGEMENT, "新着の日数、出さない少数", order=31),
)
