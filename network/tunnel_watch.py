"""Whether the tunnels of this router carry anything, for Prometheus. Runs every minute, as root.

    python3 tunnel_watch.py PEERS TEXTFILE

WireGuard has no state of being connected: what tells is when a peer last shook hands, at most three minutes ago while
the tunnel lives. PEERS is JSON of network/vpn.py (public key → router). A peer that never did, and every peer while the
interface is gone, has the time 0. Standard library alone.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

HELP = {
    "kura_wireguard_last_handshake_timestamp_seconds": ("gauge", "When the peer last shook hands; 0: never."),
    "kura_wireguard_received_bytes_total": ("counter", "Bytes that came from the peer."),
    "kura_wireguard_sent_bytes_total": ("counter", "Bytes that went to the peer."),
}
NOTHING = (0.0, 0.0, 0.0)


def read(dump: str) -> dict[str, tuple[float, float, float]]:
    """Public key → last handshake, bytes received, bytes sent; from `wg show INTERFACE dump` (wg(8))."""
    rows = [line.split("\t") for line in dump.splitlines()[1:]]
    return {row[0]: (float(row[4]), float(row[5]), float(row[6])) for row in rows if len(row) == 8}


def text(peers: dict[str, str], known: dict[str, tuple[float, float, float]]) -> str:
    """Prometheus' text: every peer that there must be, whether the interface knows it or not."""
    lines = []
    for number, (name, (kind, help_)) in enumerate(HELP.items()):
        lines += [f"# HELP {name} {help_}", f"# TYPE {name} {kind}"]
        lines += [f'{name}{{peer="{peer}"}} {known.get(key, NOTHING)[number]:.0f}' for key, peer in peers.items()]
    return "\n".join(lines) + "\n"


def main(settings: Path, textfile: Path) -> int:
    """Look once; 1 when the interface does not answer, or the folder of textfiles is not there."""
    told = json.loads(settings.read_text(encoding="utf-8"))
    argv = ["/usr/bin/wg", "show", told["interface"], "dump"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode:
        print(done.stderr.strip(), file=sys.stderr)
    if not textfile.parent.is_dir():
        print(f"{textfile.parent} is missing: no metrics written", file=sys.stderr)
        return 1
    part = textfile.with_suffix(".part")
    part.write_text(text(told["peers"], read(done.stdout)), encoding="utf-8")
    part.chmod(0o644)
    part.replace(textfile)
    return int(done.returncode != 0)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
