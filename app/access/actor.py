"""Who acts. Every action takes one; it carries what the permission check and the audit log need."""

from dataclasses import dataclass


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

    @property
    def is_system(self) -> bool:
        return self.kind == "system"


def system(job: str) -> Actor:
    """The actor for a management command or job; it may do everything, and the log names the job."""
    return Actor(kind="system", number=job[:40], name=job)
