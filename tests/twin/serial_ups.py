"""A UPS on a serial line that is not there: speaks the Megatec protocol that NUT's `blazer_ser` and `nutdrv_qx` know.

Runs on a host of the twin: `python3 serial_ups.py LINK good|bad`. LINK becomes the line. `T` tests the battery for some
polls; a bad one is low afterwards, though the mains are on.
"""

from __future__ import annotations

import os
import sys
import tty
from pathlib import Path

TEST_POLLS = 4


def main(link: Path, battery: str) -> None:
    """Answer until killed."""
    ours, theirs = os.openpty()
    tty.setraw(ours)
    tty.setraw(theirs)
    link.unlink(missing_ok=True)
    link.symlink_to(os.ttyname(theirs))
    testing, faulty, line = 0, False, b""
    while True:
        for byte in os.read(ours, 64):
            if byte != 13:
                line += bytes([byte])
                continue
            asked, line = line.decode("ascii", "replace"), b""
            if asked == "T":
                testing = TEST_POLLS
            elif asked.startswith("Q1"):
                testing, ended = max(0, testing - 1), testing == 1
                faulty = faulty or (ended and battery == "bad")
                bits = f"0{int(faulty)}001{int(testing > 0)}00"
                os.write(ours, f"(100.0 100.0 100.0 030 50.0 27.4 25.0 {bits}\r".encode())
            elif asked == "F":
                os.write(ours, b"#100.0 003 24.00 50.0\r")
            elif asked == "I":
                os.write(ours, b"#Kura            twin       1.0       \r")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
