"""The window: the twin's web services under their real names in a browser on the operator's machine.

A host's address 10.x.y.z appears as 127.x.y.z: a small process listens there, on loopback only, and passes each
connection to the real address from the operator's network namespace. The names stand in /etc/hosts between two
marks while the window is open. No route, rule or interface is added to the machine.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from ipaddress import IPv4Address
from pathlib import Path

from inventory import Inventory
from lab import paths
from lab.shell import LabError

HOSTS = Path("/etc/hosts")
CLONE_NEWNET = 0x40000000
WEB_PORTS = {443, 9090, 9093}


def loopback(address: IPv4Address) -> str:
    """The loopback address that stands for a host: 10.80.10.11 → 127.80.10.11."""
    return "127." + str(address).split(".", 1)[1]


def doors(site: Inventory) -> list[tuple[str, IPv4Address, int]]:
    """Name, address and port of every web service that has a name."""
    return [
        (site.fqdn(name), service.hosts[0].address, listen.port)
        for service in site.services
        if service.hosts
        for listen in service.listen
        if listen.protocol == "tcp" and listen.port in WEB_PORTS
        for name in service.row.names
    ]


def open_for(site: Inventory, state: Path, namespace: str) -> dict[str, str]:
    """Open the window unless it is open; returns name → URL. LabError when a port is in use."""
    urls = {
        name: ("https://" if port == 443 else "http://") + name + ("" if port == 443 else f":{port}") + "/"
        for name, _, port in doors(site)
    }
    wanted = _wanted(site)
    if not _alive(state):
        check_ports(site, state)
        with (state / "window.log").open("w") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "lab.window", namespace, *(f"{address}:{port}" for address, port in wanted)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=Path(__file__).resolve().parents[1],
                start_new_session=True,
            )
        (state / "window.pid").write_text(str(process.pid))
        deadline = time.monotonic() + 10
        while not _listening(loopback(IPv4Address(wanted[0][0])), wanted[0][1]):
            if process.poll() is not None or time.monotonic() > deadline:
                raise LabError("the window did not open:\n" + (state / "window.log").read_text()[-1000:])
            time.sleep(0.1)
    _write_names([f"{loopback(address)} {name}" for name, address, _ in doors(site)])
    return urls


def check_ports(site: Inventory, state: Path) -> None:
    """LabError when a port that the window needs is taken by somebody else on this machine."""
    if _alive(state):
        return
    for address, port in _wanted(site):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((loopback(IPv4Address(address)), port))
            except OSError as error:
                raise LabError(
                    f"port {port} is in use on this machine ({error.strerror}): free it, or use --no-window"
                ) from None


def _wanted(site: Inventory) -> list[tuple[str, int]]:
    """Addresses and ports of all doors, each once."""
    return sorted({(str(address), port) for _, address, port in doors(site)})


def close(state: Path) -> None:
    """Close the window and take its names out of /etc/hosts, also when its process died without a word."""
    if not (state / "window.pid").exists():
        return
    if _alive(state):
        with contextlib.suppress(ProcessLookupError):
            os.kill(int((state / "window.pid").read_text()), signal.SIGTERM)
    _write_names([])
    (state / "window.pid").unlink(missing_ok=True)


def _alive(state: Path) -> bool:
    with contextlib.suppress(FileNotFoundError, ValueError):
        return b"lab.window" in Path(f"/proc/{int((state / 'window.pid').read_text())}/cmdline").read_bytes()
    return False


def _listening(address: str, port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((address, port)) == 0


def _marks() -> tuple[str, str]:
    """The lines between which this instance's names stand in /etc/hosts."""
    return f"# kura {paths.instance()}: begin", f"# kura {paths.instance()}: end"


def _write_names(lines: list[str]) -> None:
    """Put these lines between this instance's marks in /etc/hosts, or take the marks away when there are none.

    LabError when the end mark is missing: somebody edited there, and what follows may be theirs.
    """
    begin, end = _marks()
    before = HOSTS.read_text()
    rows = before.splitlines()
    if begin in rows:
        if end not in rows[rows.index(begin) :]:
            raise LabError(f"{HOSTS} has the line '{begin}' without '{end}': put it right by hand")
        last = rows.index(end, rows.index(begin))
        rows[rows.index(begin) : last + 1] = []
    text = "\n".join(rows + ([begin, *sorted(set(lines)), end] if lines else [])) + "\n"
    if text != before:
        part = HOSTS.with_name(f"{HOSTS.name}.{os.getpid()}")
        part.write_text(text)
        shutil.copymode(HOSTS, part)
        try:
            part.replace(HOSTS)
        except OSError:  # a mount of its own, as in a container, can only be written in place
            part.unlink()
            HOSTS.write_text(text)


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    with contextlib.suppress(OSError):
        writer.close()


async def _serve(listeners: list[tuple[socket.socket, str, int]]) -> None:
    async def serve(listener: socket.socket, address: str, port: int) -> None:
        async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                far_reader, far_writer = await asyncio.wait_for(asyncio.open_connection(address, port), 10)
            except (OSError, TimeoutError):
                writer.close()
                return
            await asyncio.gather(_pipe(reader, far_writer), _pipe(far_reader, writer))

        server = await asyncio.start_server(accepted, sock=listener)
        await server.serve_forever()

    await asyncio.gather(*(serve(*listener) for listener in listeners))


def main(namespace: str, targets: list[str]) -> None:
    """Listen on loopback of this machine, then enter the namespace from which the appliance is reached."""
    listeners = []
    for target in targets:
        address, _, port = target.rpartition(":")
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((loopback(IPv4Address(address)), int(port)))
        listener.listen(64)
        listeners.append((listener, address, int(port)))
    with Path(f"/run/netns/{namespace}").open() as handle:
        if ctypes.CDLL(None, use_errno=True).setns(handle.fileno(), CLONE_NEWNET):
            raise SystemExit(f"cannot enter network namespace {namespace}")
    asyncio.run(_serve(listeners))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
