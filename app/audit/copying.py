"""Seals are copied to a host that nobody of the application can change: the keeper (backup/keep_seals.py) only adds.

The talk is one line each way and then the seals: the keeper says `last NUMBER DIGEST` of what it has; we say nothing
but `statement TAB signature` for every seal after that; it answers `kept NUMBER`. It refuses a seal that does not
follow the one it has, so that a history that was made anew is noticed at once.
"""

import shlex
import subprocess

from app.audit.models import AuditSeal
from app.audit.queries import seals_after, statement_of
from app.audit.tree import GENESIS

PATIENCE = 50  # seconds; the next minute tries again


class CopyFailed(Exception):
    """The keeper could not be reached, or has other seals than we."""


def send(command: str) -> tuple[int, int]:
    """Send the seals that the keeper has not yet; returns how many, and the last that it has now. CopyFailed says why
    not."""
    with subprocess.Popen(
        shlex.split(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as keeper:
        if not (keeper.stdin and keeper.stdout and keeper.stderr):
            raise CopyFailed("no pipes to the keeper of the seals")
        try:
            word, number, digest = keeper.stdout.readline().split()
            if word != "last":
                raise ValueError(word)
        except ValueError:
            _, said = keeper.communicate(timeout=PATIENCE)
            raise CopyFailed(f"the keeper of the seals does not answer: {said.strip()[-300:]}") from None
        _same(int(number), digest)
        sent = 0
        try:
            for seal in seals_after(int(number)):
                keeper.stdin.write(f"{statement_of(seal).text()}\t{seal.signature}\n")
                sent += 1
            out, said = keeper.communicate(timeout=PATIENCE)
        except BrokenPipeError:
            out, said = "", keeper.stderr.read()
        if keeper.returncode != 0 or out.split()[:1] != ["kept"]:
            raise CopyFailed(f"the keeper of the seals refused: {said.strip()[-300:]}")
    return sent, int(out.split()[1])


def _same(number: int, digest: str) -> None:
    """CopyFailed unless the keeper's last seal is ours of that number."""
    ours = AuditSeal.objects.filter(number=number).first()
    if (statement_of(ours).digest() if ours else GENESIS) != digest:
        raise CopyFailed(
            f"the keeper has another seal {number} than the database: verify the log (./kura audit verify)"
        )
