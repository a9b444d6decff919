"""Who acts. Every action takes one; it carries what the permission check and the audit log need."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Actor:
    """A member of staff, a patron, the system itself (jobs, imports), or nobody yet (`anonymous`)."""

    kind: str
    number: str = ""
    name: str = ""
    operations: frozenset[str] = frozenset()
    branch_id: int | None = None
    terminal: str | None = None
    request_id: str = ""
    # Operations that the actor has at some libraries only, with those; all others hold everywhere.
    limits: Mapping[str, frozenset[int]] = field(default_factory=dict, compare=False)

    @property
    def is_system(self) -> bool:
        return self.kind == "system"


def system(job: str) -> Actor:
    """The actor for a management command or job; it may do everything, and the log names the job."""
    return Actor(kind="system", number=job[:40], name=job)
