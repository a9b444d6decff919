"""What this area puts into the staff menu."""

from app.access.menu import HOLDS, Page, put
from app.holds import actions

put(
    Page("holds:start", "予約", actions.VIEW, HOLDS, "利用券・資料・予約の番号から開く。今日の仕事", key="F7", order=1),
    Page("holds:check", "到着・確認", actions.HANDLE, HOLDS, "手元の資料を読み取り、行き先と票を出す", order=2),
    Page("holds:pull", "抜出し一覧", actions.HANDLE, HOLDS, "棚から抜く予約資料（書架順）", order=3),
    Page("holds:shelf", "取置棚", actions.VIEW, HOLDS, "棚番号順の取置と、抜く資料", order=4),
    Page("holds:phone", "電話連絡", actions.CONTACT, HOLDS, "用意済みを電話で知らせる人", order=5),
    Page("holds:late", "期限切れ", actions.CHANGE, HOLDS, "取りに来ない予約の取消・延長", order=6),
    Page("holds:requests", "購入希望", actions.VIEW, HOLDS, "リクエストの受付・選定・引継ぎ", order=7),
    Page("holds:copies", "複本検討", actions.VIEW, HOLDS, "予約の多い書誌", order=20),
    Page("holds:hopeless", "提供できない予約", actions.VIEW, HOLDS, "貸せる資料がなくなった書誌", order=21),
    Page("holds:lost", "見当たらない資料", actions.VIEW, HOLDS, "棚になかった予約資料", order=22),
    Page("holds:figures", "予約統計", actions.VIEW, HOLDS, "受付経路・受取館別の件数", order=23),
    Page("holds:setting", "予約の設定", actions.SET, HOLDS, "割当の順、票の氏名、自動取消", order=90),
)
