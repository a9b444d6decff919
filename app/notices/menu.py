"""What this area puts into the staff menu."""

from app.access.menu import NOTICES, Page, put
from app.notices.actions.operations import CALL, SETTLE, STOP, VIEW, WORD

put(
    Page("notices:home", "通知・督促", VIEW, NOTICES, "督促の対象を抽出し、見本を確かめて承認します", order=1),
    Page("notices:phone", "電話の一覧", CALL, NOTICES, "電話で連絡する利用者と、その結果", order=2),
    Page("notices:postcards", "はがき", VIEW, NOTICES, "督促はがきを郵便番号順に印刷します", order=3),
    Page("notices:letters", "督促状", VIEW, NOTICES, "窓付き封筒の文書を印刷します", order=4),
    Page("notices:stops", "督促の停止", STOP, NOTICES, "事情のある利用者や資料を督促から外します", order=5),
    Page("notices:undeliverable", "届かない宛先", VIEW, NOTICES, "戻ってきたメールと郵便の宛先", order=6),
    Page("notices:wordings", "通知の文面", WORD, NOTICES, "文面を直し、見本と以前の版を見ます", order=7),
    Page("notices:settings", "通知の決まり", SETTLE, NOTICES, "送る時刻、承認、連絡手段", order=8),
)
