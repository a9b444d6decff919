"""What this area puts into the staff menu."""

from app.access.menu import HOLDS, Page, put
from app.transfers import actions

put(
    Page("transfers:dispatch", "発送一覧", actions.VIEW, HOLDS, "便・行き先ごとの発送と、資料1点の発送", order=10),
    Page("transfers:missed", "未着・到着予定", actions.VIEW, HOLDS, "着かない回送、こちらへ向かう資料", order=11),
    Page("transfers:stack", "書庫出納", actions.STACK, HOLDS, "書庫資料の請求・出庫・返納", order=12),
    Page("transfers:relocations", "一時移管", actions.RELOCATE, HOLDS, "期限まで別の館・棚に置く資料", order=13),
    Page("transfers:setting", "回送の設定", actions.SET, HOLDS, "便、未着の日数、返却館への定着", order=91),
)
