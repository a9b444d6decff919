"""Asks many ports at once from inside one host's network; fed on standard input, answers on standard output.

Input: JSON list of [protocol, address, port]. Output: JSON list, in the same order, of `open` (somebody accepts or
answers), `refused` (the packet filter let the question through, nobody listens) or `silent`.
Standard library only: it runs with whatever Python is at hand.
"""

import asyncio
import json
import socket
import struct
import sys

PATIENCE = 3.0
TRIES = 2
DNS = struct.pack(">HHHHHH", 0x4B75, 0x0100, 1, 0, 0, 0) + b"\x09localhost\x00" + struct.pack(">HH", 1, 1)
NTP = b"\x23" + bytes(47)
QUESTIONS = {53: DNS, 123: NTP}


async def tcp(address, port):
    """Open a connection; a reset says that the question arrived."""
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(address, port), PATIENCE)
    except ConnectionRefusedError:
        return "refused"
    except (TimeoutError, OSError):
        return "silent"
    writer.close()
    return "open"


async def udp(address, port):
    """Ask in the service's own language: UDP says nothing otherwise."""
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.setblocking(False)
        try:
            await loop.sock_connect(wire, (address, port))
            await loop.sock_sendall(wire, QUESTIONS.get(port, b"?"))
            await asyncio.wait_for(loop.sock_recv(wire, 2048), PATIENCE)
        except ConnectionRefusedError:
            return "refused"
        except (TimeoutError, OSError):
            return "silent"
    return "open"


async def ask(protocol, address, port):
    """One question, once more when there was silence: a busy machine is no closed port."""
    answer = "silent"
    for _ in range(TRIES):
        answer = await (tcp if protocol == "tcp" else udp)(address, port)
        if answer != "silent":
            break
    return answer


async def main():
    """All questions at the same time."""
    questions = json.load(sys.stdin)
    print(json.dumps(await asyncio.gather(*(ask(*question) for question in questions))))


asyncio.run(main())
