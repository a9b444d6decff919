"""The network cards of hosts that are off: a magic packet on their segment powers them on.

In a real machine the card does this while everything else sleeps. Here a process (`python -m lab.wake BRIDGE …`)
listens on each segment's bridge and prints the addresses it is asked to wake; `listening` starts the machines.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from select import select

from inventory import Inventory
from lab import paths, wires
from lab.hosts import Machine

ETH_P_ALL = 3


def woken(frame: bytes) -> str | None:
    """The card's address that a frame wakes, or None when it is no magic packet. Pure."""
    at = frame.find(b"\xff" * 6, 14)
    card = frame[at + 6 : at + 12]
    if at < 0 or len(card) < 6 or frame[at + 6 : at + 102] != card * 16:
        return None
    return card.hex(":")


@contextmanager
def listening(site: Inventory) -> Iterator[list[str]]:
    """While it lasts, hosts that are off start when a magic packet for them comes by; their names are collected."""
    cards = {host.power.wake.mac: host for host in site.hosts if host.power.wake and host.power.wake.mac}
    bridges = sorted({wires.segment(site, host, host.zone) for host in cards.values()})
    argv = ["nsenter", f"--net=/run/netns/{wires.namespace('wires')}", "--", sys.executable, "-m", "lab.wake", *bridges]
    started: list[str] = []
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, cwd=paths.root())

    def obey() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            host = cards.get(line.strip())
            machine = Machine(site, host) if host else None
            if host and machine and (machine.home / "made").exists() and not machine.is_running():
                started.append(host.name)
                machine.start()

    thread = threading.Thread(target=obey, daemon=True)
    thread.start()
    try:
        yield started
    finally:
        process.terminate()
        process.wait()
        thread.join()


def main(bridges: list[str]) -> None:
    """Print the address of every card that is asked to wake, for ever."""
    ears = []
    for bridge in bridges:
        ear = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        ear.bind((bridge, 0))
        ears.append(ear)
    while True:
        for ear in select(ears, [], [])[0]:
            if card := woken(ear.recv(2048)):
                print(card, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
