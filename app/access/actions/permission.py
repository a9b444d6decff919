"""The check that stands first in every action."""

from app.access import rules
from app.access.actor import Actor
from app.access.operations import Operation
from app.branches.models import Branch


class NotPermitted(Exception):
    """The actor's roles do not include the operation, or not at that library."""

    def __init__(self, operation: Operation, elsewhere: bool = False) -> None:
        here = "この館では" if elsewhere else ""
        super().__init__(f"{here}{operation.title}権限がありません")
        self.operation = operation


def require(actor: Actor, operation: Operation, branch: Branch | int | None = None) -> None:
    """Return when the actor may perform the operation (at that library, if one is given); else raise NotPermitted.

    Actions that belong to a library pass it: a grant may hold at the actor's own library, or at chosen ones, only.
    The refusal itself is logged by whoever catches it at the edge, outside the transaction that rolls back.
    """
    if actor.is_system:
        return
    if not rules.may(actor.operations, operation.code):
        raise NotPermitted(operation)
    branch_id = branch.pk if isinstance(branch, Branch) else branch
    if not rules.may_at(actor.limits, operation.code, branch_id):
        raise NotPermitted(operation, elsewhere=True)
