"""What `./kura down` must not leave on the operator's machine. Run as a module it tells what is left and fails."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from lab import paths
from lab.hosts import TREES


def leftovers(instance: str) -> list[str]:
    """What an instance of the twin left: processes, control groups, mounts, namespaces, interfaces, files, names."""
    return [
        *(f"process {line}" for line in _processes(f"/var/lib/{instance}/", f"{instance}-")),
        *(f"mount {line.split()[1]}" for line in _lines("/proc/mounts") if f"/var/lib/{instance}/" in line),
        *(f"namespace {line.split()[0]}" for line in _said("ip", "netns", "list") if line.startswith(f"{instance}-")),
        *(f"interface {line}" for line in _said("ip", "-brief", "link") if line.startswith(f"{instance}-")),
        *(f"control group {group}" for tree in TREES for group in tree.glob(f"kura-{instance}-*")),
        *(f"file {path}" for path in [Path("/var/lib") / instance] if path.exists()),
        *(f"/etc/hosts: {line}" for line in _lines("/etc/hosts") if f"kura {instance}:" in line),
    ]


def _lines(path: str) -> list[str]:
    return Path(path).read_text(encoding="utf-8", errors="replace").splitlines()


def _said(*argv: str) -> list[str]:
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.splitlines()


def _processes(folder: str, prefix: str) -> list[str]:
    """Processes that were started with a path or a name of the instance, but for this one and its parents."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) in (os.getpid(), os.getppid()):
            continue
        try:
            arguments = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:  # it has ended meanwhile
            continue
        if any(folder in argument or argument.startswith(prefix) for argument in arguments[1:]):
            found.append(f"{entry.name} {' '.join(arguments)[:100]}")
    return found


if __name__ == "__main__":
    left = leftovers(paths.instance())
    print("\n".join(left) or "nothing is left")
    sys.exit(1 if left else 0)
