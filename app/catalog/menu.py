"""What this area puts into the staff menu."""

from app.access.menu import CATALOGUE, MANAGEMENT, Page, put
from app.catalog.actions import BATCH, EDIT_ITEM, EDIT_RECORD, NUMBERING, VIEW
from app.catalog.actions.operations import POLICY

put(
    Page("catalog:search", "資料", VIEW, CATALOGUE, "書誌と所蔵を探します", key="F4", order=1),
    Page(
        "catalog:lookup",
        "ISBNから登録",
        EDIT_RECORD,
        CATALOGUE,
        "ISBN・雑誌コードから書誌の候補を出します",
        order=2,
    ),
    Page("catalog:new", "書誌の新規登録", EDIT_RECORD, CATALOGUE, "書誌を手入力で登録します", order=3),
    Page("catalog:holdings", "所蔵一覧", VIEW, CATALOGUE, "館の所蔵を、列・並び・件数を決めて見ます", order=5),
    Page("catalog:batch", "一括変更", BATCH, CATALOGUE, "所蔵・書誌をまとめて直します(取消しできます)", order=6),
    Page("catalog:temporary_records", "仮書誌", EDIT_ITEM, CATALOGUE, "仮登録の書誌を正式なものに替えます", order=7),
    Page("catalog:change_sets", "変更の記録", VIEW, CATALOGUE, "書誌・所蔵の変更の履歴と取消し", order=8),
    Page("catalog:policy", "目録の方針", POLICY, MANAGEMENT, "分類の版、所蔵のない書誌、書影・目次の公開", order=41),
    Page("catalog:numbers", "資料番号帯", NUMBERING, MANAGEMENT, "番号の桁数・検査数字・範囲", order=42),
    Page("catalog:call_rules", "請求記号の規則", NUMBERING, MANAGEMENT, "別置記号・図書記号を付ける規則", order=43),
)
