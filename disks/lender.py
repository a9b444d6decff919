"""Lends without a pause, in the drill's virtual machine: each loan is one committed transaction in a real PostgreSQL,
and only then a line of the outside ledger, which is not on the disks that die. Ends when the file `stop` appears.

    python3 lender.py FOLDER      writes FOLDER/ledger: loan's number, seconds its transaction took
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import psycopg2  # type: ignore[import-untyped]

PAUSE = 0.01  # a counter scans; the disks must also find time to rebuild


def main() -> None:
    """Lend until told to stop."""
    folder = Path(sys.argv[1])
    connection = psycopg2.connect("host=/run/drill dbname=postgres user=postgres")
    with connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE loan (number bigint PRIMARY KEY, patron bigint, item bigint, lent timestamptz)")
    number = 0
    with (folder / "ledger").open("a", encoding="ascii") as ledger:
        while not (folder / "stop").exists():
            number += 1
            began = time.monotonic()
            with connection, connection.cursor() as cursor:
                cursor.execute("INSERT INTO loan VALUES (%s, %s, %s, now())", (number, number % 997, number % 7919))
            ledger.write(f"{number} {time.monotonic() - began:.4f}\n")
            ledger.flush()
            time.sleep(PAUSE)


if __name__ == "__main__":
    main()
