"""The writes of this area, by subject."""

from app.access.operations import LIBRARIAN, declare

VIEW_STATUS = declare("office.view_status", "稼働の状態を見る", kind="view")
READ_MESSAGES = declare("office.read_messages", "職員への知らせを読む", kind="view")
WRITE_MESSAGES = declare("office.write_messages", "職員への知らせを出す・未読者を見る", roles=(LIBRARIAN,), kind="add")
READ_MANUALS = declare("office.read_manuals", "手引きを読む", kind="view")
REVISE_MANUALS = declare("office.revise_manuals", "手引きを改訂する", roles=(LIBRARIAN,))
VIEW_MAINTENANCE = declare("office.view_maintenance", "保守接続の記録を見る", roles=(), kind="view")
ASK_MAINTENANCE = declare("office.ask_maintenance", "保守接続を申請し、作業を報告する", roles=(), kind="add")
ALLOW_MAINTENANCE = declare("office.allow_maintenance", "保守接続を承認・却下・中止する", roles=())
