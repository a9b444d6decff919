"""How long the certificates of this host last, for Prometheus. Runs on hosts that have some, every hour, as root.

    python3 certificate_watch.py FOLDER TEXTFILE

A web server shows its certificate to every probe. The database's, the mail relay's, the archive's and the authority's
own end without anybody seeing it: so each host tells the end of each file that its services present
(FOLDER/SERVICE.crt). A file that cannot be read counts as ended. Python with cryptography, and nothing else.
"""

from __future__ import annotations

import sys
from pathlib import Path

from cryptography import x509

METRIC = "kura_certificate_expiry_timestamp_seconds"


def ends(folder: Path) -> dict[str, float]:
    """Service → when its certificate ends (0: it cannot be read); the authority's own is called `ca`."""
    return {path.stem: _end(path) for path in sorted(folder.glob("*.crt"))}


def _end(path: Path) -> float:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc.timestamp()
    except (OSError, ValueError) as error:
        print(f"{path}: {error}", file=sys.stderr)
        return 0.0


def text(found: dict[str, float]) -> str:
    """Prometheus' text."""
    head = f"# HELP {METRIC} When the certificate that a service presents ends.\n# TYPE {METRIC} gauge\n"
    return head + "".join(f'{METRIC}{{service="{name}"}} {end:.0f}\n' for name, end in found.items())


def main(folder: Path, textfile: Path) -> int:
    """Look once; 1 when a certificate could not be read, or the folder of textfiles is not there."""
    found = ends(folder)
    if not textfile.parent.is_dir():
        print(f"{textfile.parent} is missing: no metrics written", file=sys.stderr)
        return 1
    part = textfile.with_suffix(".part")
    part.write_text(text(found), encoding="utf-8")
    part.chmod(0o644)
    part.replace(textfile)
    return int(not all(found.values()))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
