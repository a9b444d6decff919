"""What may be done to the catalogue."""

from app.access.operations import LIBRARIAN, declare

VIEW = declare("catalog.view", "書誌・所蔵を探す・見る", kind="view")
EDIT_RECORD = declare("catalog.edit_record", "書誌を登録・修正する", roles=(LIBRARIAN,))
EDIT_ITEM = declare("catalog.edit_item", "所蔵を登録・修正する", roles=(LIBRARIAN,))
IMPORT = declare("exchange.import", "書誌・所蔵を取り込む", roles=(LIBRARIAN,), kind="add")
TEMPORARY = declare("catalog.temporary", "目録のない資料を仮登録する", kind="add")
CONDITION = declare("catalog.condition", "資料の汚破損メモを書く", kind="add")
RESTORE = declare("catalog.restore", "不明・除籍の資料を在架へ戻す")
BATCH = declare("catalog.batch", "書誌・所蔵を一括で変更する", roles=(LIBRARIAN,))
MERGE = declare("catalog.merge", "重複した書誌を統合する", roles=(LIBRARIAN,))
UNDO = declare("catalog.undo", "書誌・所蔵の変更を取り消す", roles=(LIBRARIAN,))
RELOCATE = declare("catalog.relocate", "資料の所在・状態をまとめて変更する")

NUMBERING = declare("catalog.numbering", "資料番号帯・請求記号の規則を変える", roles=())
POLICY = declare("catalog.policy", "目録の方針を変える", roles=(LIBRARIAN,))


class CatalogError(Exception):
    """The request cannot be carried out; the text is for the screen."""
