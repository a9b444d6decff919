"""What this area puts into the staff menu."""

from app.access.menu import CATALOGUE, COUNTER, MANAGEMENT, Page, put
from app.catalog.actions import EDIT_ITEM, RELOCATE
from app.circulation.actions import COMPENSATE, DAY_REPORT, ENQUIRE, GIVE_BACK, LEND, POLICY

put(
    Page("circulation:lend", "貸出", LEND, COUNTER, "利用券、資料の順に読み取ります", key="F2", order=1),
    Page("circulation:give_back", "返却", GIVE_BACK, COUNTER, "資料を読み取ります", key="F3", order=2),
    Page("circulation:item", "資料照会", ENQUIRE, COUNTER, "状態・所在・期限・予約を見ます", key="Shift+F4", order=20),
    Page("circulation:day", "窓口の処理数", DAY_REPORT, COUNTER, "館・端末ごとの当日の点数", order=30),
    Page("circulation:compensation", "弁償の手続き", COMPENSATE, COUNTER, "紛失・汚破損の資料の弁償", order=40),
    Page("circulation:move", "所在の一括変更", RELOCATE, CATALOGUE, "所在・別置・状態を続けて変えます", order=60),
    Page("circulation:sets", "組の資料", EDIT_ITEM, CATALOGUE, "1組として貸す資料を登録します", order=62),
    Page("circulation:temporary", "仮登録の資料", EDIT_ITEM, CATALOGUE, "題名だけの資料を書誌に結び付けます", order=61),
    Page("circulation:policy", "窓口の方針", POLICY, MANAGEMENT, "重複貸出の注意、直前の借受者", order=60),
)
