"""The only code of the registers that writes: each act is one transaction with permission, revision and trail."""

from app.registers.actions.deciding import apply, apply_all, decide, decide_all
from app.registers.actions.papers import LARGEST, attach, issue
from app.registers.actions.rows import Refused, add, change, void
from app.registers.actions.whole import close, reopen, seed, take_in

__all__ = [
    "LARGEST",
    "Refused",
    "add",
    "apply",
    "apply_all",
    "attach",
    "change",
    "close",
    "decide",
    "decide_all",
    "issue",
    "reopen",
    "seed",
    "take_in",
    "void",
]
