"""What may be done with notices, and by whom."""

from app.access.operations import COUNTER, LIBRARIAN, declare

VIEW = declare("notices.view", "通知と督促を見る", kind="view")
EXTRACT = declare("notices.extract", "督促の対象を抽出する", kind="add")
EXCLUDE = declare("notices.exclude", "抽出した通知を取りやめる", kind="delete")
APPROVE = declare("notices.approve", "一斉送信を承認する", roles=(LIBRARIAN,))
CALL = declare("notices.call", "電話の結果を記録する", kind="add")
PRINT = declare("notices.print", "はがき・督促状を印刷する", kind="print")
POST = declare("notices.post", "投函・返戻を記録する", kind="add")
STOP = declare("notices.stop", "督促を停止する", roles=(LIBRARIAN, COUNTER))
WISH = declare("notices.wish", "期限前の知らせの希望を記録する")
WORD = declare("notices.word", "通知の文面を直す", roles=(LIBRARIAN,))
SETTLE = declare("notices.settle", "通知の決まりと手段を変える", roles=())
SEND = declare("notices.send", "通知を送る", roles=())
PLAN = declare("notices.plan", "通知を作る", roles=(), kind="add")
READ_RETURNED = declare("notices.read_returned", "不達の通知を読み取る", roles=())
