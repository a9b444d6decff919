"""What may be done in this area, and by which roles from the start."""

from app.access.operations import COUNTER, LIBRARIAN, declare

VIEW = declare("features.view", "特集・お知らせの管理画面を見る", kind="view")
LISTS = declare("features.lists", "テーマ別一覧を作る", (LIBRARIAN,))
WRITE = declare("features.write", "お知らせ・ページの下書きを書く", (LIBRARIAN, COUNTER), kind="add")
APPROVE = declare("features.approve", "お知らせ・ページを承認・取下げする", (LIBRARIAN,))
PLANS = declare("features.plans", "館内図を描く", (LIBRARIAN,))
MOBILE = declare("features.mobile", "移動図書館の巡回を決める", (LIBRARIAN,))
POLICY = declare("features.policy", "新着と人気の一覧の方針を決める", (LIBRARIAN,))
