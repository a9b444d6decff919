"""Everything that writes about transfers."""

from app.transfers.actions.moving import (
    SEND,
    VIEW,
    TransferRefused,
    arrive,
    drop,
    finish,
    next_run,
    plan,
    send,
    send_all,
)
from app.transfers.actions.relocating import RELOCATE, end, relocate
from app.transfers.actions.settings import (
    SET,
    after_migrate,
    put_run,
    set_floating,
    set_overdue_days,
)
from app.transfers.actions.stack import STACK, request, scan, take_slips

__all__ = [
    "RELOCATE",
    "SEND",
    "SET",
    "STACK",
    "VIEW",
    "TransferRefused",
    "after_migrate",
    "arrive",
    "drop",
    "end",
    "finish",
    "next_run",
    "plan",
    "put_run",
    "relocate",
    "request",
    "scan",
    "send",
    "send_all",
    "set_floating",
    "set_overdue_days",
    "take_slips",
]
