"""The keeper of the audit log's seals, on the backup host: the forced command of the sealer's SSH key. It only adds.

Standard library alone. First it says `last NUMBER DIGEST` of what it has; then it takes lines of `statement TAB
signature`, each of which must be the next of the chain, puts its own time before them and writes them through to the
disk; at the end it says `kept NUMBER`. Whoever holds the key can therefore neither change nor remove what is here, nor
put another history in its place.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

GENESIS = "0" * 64
LONGEST = 4_000_000  # signs of one line: the spans of a batch of fifty thousand single ids
SIGNATURE = re.compile(r"[A-Za-z0-9+/=]{0,100}")


class Refused(Exception):
    """What came is not the next seal."""


def digest(statement: str) -> str:
    """What the next seal must name as `previous` (as app/audit/tree.py makes it)."""
    return hashlib.sha256(b"\x02" + statement.encode()).hexdigest()


def last_of(path: Path) -> tuple[int, str]:
    """Number and digest of the last seal that is kept; 0 and zeros when there is none. Reads the file's end only."""
    if not path.exists() or path.stat().st_size == 0:
        return 0, GENESIS
    with path.open("rb") as stream:
        size = stream.seek(0, os.SEEK_END)
        back = 4096
        while True:
            stream.seek(max(0, size - back))
            end = stream.read()
            if end.rstrip(b"\n").count(b"\n") or back >= size:
                break
            back *= 4
    line = end.rstrip(b"\n").rpartition(b"\n")[2].decode()
    statement = line.split("\t")[1]
    return int(json.loads(statement)["number"]), digest(statement)


def checked(line: str, number: int, previous: str) -> str:
    """The statement of a line that is the next of the chain; Refused for anything else."""
    statement, _, signature = line.rstrip("\n").partition("\t")
    try:
        said = json.loads(statement)
        follows = said["number"] == number + 1 and said["previous"] == previous
    except (ValueError, KeyError, TypeError) as error:
        raise Refused(f"this is no seal: {error}") from None
    if not follows or not SIGNATURE.fullmatch(signature) or len(line) > LONGEST:
        raise Refused(f"seal {number + 1} that follows {previous[:16]}… is expected")
    return statement


def keep(path: Path) -> int:
    """Talk with the sealer; returns the exit code."""
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o640)
    with os.fdopen(descriptor, "a", encoding="utf-8") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        number, previous = last_of(path)
        print("last", number, previous, flush=True)
        try:
            for line in sys.stdin:
                statement = checked(line, number, previous)
                stream.write(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}\t{line.rstrip()}\n")
                number, previous = number + 1, digest(statement)
        except Refused as refused:
            print(refused, file=sys.stderr)
            return 1
        finally:
            stream.flush()
            os.fsync(stream.fileno())
    print("kept", number, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(keep(Path(sys.argv[1])))
