"""What staff may be allowed to do with loans, and what the screens call it."""

from app.access.operations import LIBRARIAN, declare

LEND = declare("circulation.lend", "資料を貸し出す", kind="add")
GIVE_BACK = declare("circulation.give_back", "資料の返却を受け付ける")
RENEW = declare("circulation.renew", "貸出を延長する")
OVERRIDE = declare("circulation.override", "制限を超えて貸し出す", roles=(LIBRARIAN,))
CHANGE_DUE = declare("circulation.change_due", "返却期限を変更する")
UNDO = declare("circulation.undo", "貸出・返却を取り消す", kind="delete")
IN_LIBRARY = declare("circulation.in_library", "館内利用・書庫出納を記録する", kind="add")
WITHOUT_CARD = declare("circulation.without_card", "利用券なしで利用者を特定する", kind="view")
SEE_HOLDER = declare("circulation.see_holder", "取置資料の予約者を見る", roles=(LIBRARIAN,), kind="view")
SEE_BORROWER = declare("circulation.see_borrower", "資料から借受者を見る", roles=(LIBRARIAN,), kind="view")
ENQUIRE = declare("circulation.enquire", "資料の状態を照会する", kind="view")
DAY_REPORT = declare("circulation.day_report", "窓口の処理数を見る", kind="view")
COMPENSATE = declare("circulation.compensate", "弁償の手続きを行う", roles=(LIBRARIAN,))
POLICY = declare("circulation.policy", "窓口の方針を定める", roles=())
