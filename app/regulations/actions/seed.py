"""What a new library starts with: its rules and its codes."""

from datetime import date
from typing import Any

from app.branches.codes import ACQUISITION, LOCATION, MATERIAL_TYPE, SHELF_MARK, SHELF_STATUS
from app.branches.models import CodeEntry
from app.catalog.codes import MaterialType, ShelfStatus
from app.regulations import rules
from app.regulations.models import Regulation

BEGINNING = date(2000, 1, 1)
GENERAL = {
    "total_limit": 10,
    "period_days": 14,
    "renewals": 1,
    "overdue_stages": [[1, rules.NOTE, 1], [15, rules.STOP_LENDING, 1]],
    "total_hold_limit": 10,
    "hold_shelf_days": 7,
    "reminder_stages": [[7, "mail"], [21, "phone"], [60, "postcard"], [90, "letter"]],
    "waiting_reminder_days": 3,
    "due_soon_days": 1,
    "request_limit": 5,
}
AUDIO_VISUAL = {"loan_limit": 5, "period_days": 7, "renewals": 0}
AV_TYPES = (MaterialType.CD, MaterialType.DVD)
FIRST_LOCATIONS = ("一般", "児童", "絵本コーナー", "参考図書", "郷土資料", "文庫・新書", "書庫")
FIRST_SHELF_MARKS = (
    ("R", "参考図書"),
    ("L", "郷土資料"),
    ("K", "児童"),
    ("E", "絵本"),
    ("C", "紙芝居"),
    ("Y", "ヤングアダルト"),
    ("B", "文庫"),
    ("D", "大活字"),
    ("S", "書庫"),
)
FIRST_ACQUISITIONS = (
    ("purchase", "購入"),
    ("gift", "寄贈"),
    ("transfer", "管理換え"),
    ("merged", "編入"),
    ("compensation", "弁償"),
    ("own", "自館作成"),
    ("restored", "復籍"),
)


def seed_rules() -> None:
    """The rules a new library starts with: ten items for two weeks, of CDs and DVDs five each for one week."""
    if Regulation.objects.exists():
        return
    Regulation.objects.create(effective_from=BEGINNING, note="初期設定", **GENERAL)
    for material in AV_TYPES:
        Regulation.objects.create(effective_from=BEGINNING, note="初期設定", material_type=material, **AUDIO_VISUAL)


def after_migrate(sender: Any, using: str, **_: Any) -> None:
    """`post_migrate`: a new library has rules and codes."""
    if using == "default":
        seed_rules()
        seed_codes()


def seed_codes() -> None:
    """The codes a new library starts with. Tables that have lines are left alone."""
    there = set(CodeEntry.objects.values_list("table", flat=True))
    rows = []
    if MATERIAL_TYPE not in there:
        rows += [(MATERIAL_TYPE, code, name) for code, name in MaterialType.choices]
    if LOCATION not in there:
        rows += [(LOCATION, name, name) for name in FIRST_LOCATIONS]
    if SHELF_STATUS not in there:
        rows += [(SHELF_STATUS, code, name) for code, name in ShelfStatus.choices]
    for table, lines in ((SHELF_MARK, FIRST_SHELF_MARKS), (ACQUISITION, FIRST_ACQUISITIONS)):
        rows += [(table, code, name) for code, name in lines if table not in there]
    CodeEntry.objects.bulk_create(
        CodeEntry(table=table, code=code, label=name, order=order) for order, (table, code, name) in enumerate(rows)
    )
