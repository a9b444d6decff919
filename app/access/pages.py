"""What this area itself puts into the staff menu; `menu.py` holds the mechanism that every area uses."""

from app.access.actions import HOME, POST_STAFF, SET_POLICY, VIEW_POWERS, VIEW_STAFF
from app.access.menu import MANAGEMENT, Page, put

put(
    Page("access:staff", "職員", VIEW_STAFF, MANAGEMENT, "登録・有効期間・職員証", order=30),
    Page("access:postings", "人事異動", POST_STAFF, MANAGEMENT, "発令日0時の所属と役割の切替え", order=31),
    Page("access:roles", "役割と権限", VIEW_POWERS, MANAGEMENT, "役割ごとにできること・変更の履歴", order=32),
    Page("access:powers", "誰が何をできるか", VIEW_POWERS, MANAGEMENT, "ある日の権限の一覧と出力", order=33),
    Page("access:policy", "認証の方針", SET_POLICY, MANAGEMENT, "パスワード・停止・暗証番号", order=34),
    Page("access:mine", "自分の設定", HOME, MANAGEMENT, "パスワードと暗証番号", order=95),
)
