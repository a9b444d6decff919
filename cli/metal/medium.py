"""What makes a medium a host's own: its files as an archive of their own, the start-up menu, the image of it all.

A kernel unpacks archives one after the other, so the big one is the same for all hosts and the small one says which
host this is. The small one holds the host's private key: whoever holds the medium can pretend to be the host.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cli.metal import root as root_archive
from disks import layout
from inventory import Host, Inventory
from lab import image
from lab.image import Progress
from lab.shell import run
from network import interfaces

HERE = Path(__file__).parent
# The installer itself, which a host that runs from its disks does not need.
INSTALLER = f"{layout.LIBRARY}/disks/install.py"
SECRET = frozenset({"/etc/ssh/ssh_host_ed25519_key", "/root/.ssh/authorized_keys"})
CLOSED = frozenset({"/root", "/root/.ssh"})
# In the order in which a kernel unpacks them.
ARCHIVES = ("root.img", "packages.img", "host.img")
COMMAND_LINE = "quiet printk.devkmsg=on console=ttyS0,115200n8 console=tty0"


@dataclass(frozen=True)
class Keys:
    """Whom the host lets in, and by what it is known: texts of OpenSSH key files."""

    operator: str
    private: str
    public: str


def files(site: Inventory, host: Host, keys: Keys) -> dict[str, str]:
    """Path → text of everything that makes the machine this host. The playbooks take over from there."""
    ports = dict(host.ports)
    fqdn = site.fqdn(host.name)
    made = {
        "/etc/hostname": f"{host.name}\n",
        "/etc/hosts": f"127.0.0.1 localhost\n127.0.1.1 {fqdn} {host.name}\n",
        "/etc/kura/metal.json": json.dumps({"host": host.name, "ports": ports}, indent=1, sort_keys=True) + "\n",
        "/etc/ssh/ssh_host_ed25519_key": keys.private,
        "/etc/ssh/ssh_host_ed25519_key.pub": keys.public,
        "/root/.ssh/authorized_keys": keys.operator,
        "/init": (HERE / "live.py").read_text(encoding="utf-8"),
        INSTALLER: Path(layout.__file__).with_name("install.py").read_text(encoding="utf-8"),
        **layout.files(site, host),
    }
    for name, text in interfaces.networkd(site, host).items():
        made[f"/etc/systemd/network/{name}"] = text
    return made


def archive(texts: Mapping[str, str]) -> bytes:
    """The files as an archive that a kernel unpacks ("newc"); the same texts make the same bytes."""
    entries: dict[str, tuple[int, bytes]] = {}
    for path in sorted(texts):
        for parent in reversed(Path(path).parents):
            if str(parent) != "/":
                entries.setdefault(str(parent), (0o040700 if str(parent) in CLOSED else 0o040755, b""))
        mode = 0o100600 if path in SECRET else 0o100755 if path == "/init" else 0o100644
        entries[path] = (mode, texts[path].encode())
    made = b"".join(_entry(place, path, *entry) for place, (path, entry) in enumerate(entries.items(), 1))
    made += _entry(0, "/TRAILER!!!", 0, b"")
    return made + b"\0" * (-len(made) % 512)


def _entry(number: int, path: str, mode: int, content: bytes) -> bytes:
    """One member: thirteen numbers of eight hexadecimal digits, the name, the content, each filled up to four bytes."""
    name = path.lstrip("/").encode() + b"\0"
    links = 2 if mode & 0o040000 else 1
    numbers = (number, mode, 0, 0, links, 0, len(content), 0, 0, 0, 0, len(name), 0)
    head = b"070701" + b"".join(b"%08X" % value for value in numbers) + name
    return head + b"\0" * (-len(head) % 4) + content + b"\0" * (-len(content) % 4)


def menu(host: str) -> str:
    """The start-up menu of the medium. By itself it installs on empty disks only."""

    archives = " ".join(f"/kura/{name}" for name in ARCHIVES)

    def entry(title: str, options: str) -> str:
        lines = [f"linux /kura/vmlinuz {COMMAND_LINE}{options}", f"initrd {archives}"]
        return f'menuentry "{title}" {{\n' + "".join(f"  {line}\n" for line in lines) + "}\n"

    return (
        "serial --unit=0 --speed=115200\nterminal_input console serial\nterminal_output console serial\n"
        "set default=0\nset timeout=10\n"
        + entry(f"Install {host} on empty disks", "")
        + entry(f"ERASE the disks of {host} and install it", f" kura.erase={host}")
        + entry("Look and repair: a shell, nothing is installed", " kura.rescue")
    )


def write(site: Inventory, host: Host, keys: Keys, out: Path, progress: Progress) -> Path:
    """Write OUT/HOST.iso: starts a machine by BIOS or UEFI, from a disc, a stick or a controller's virtual drive."""
    made = root_archive.made(progress)
    packages = root_archive.carried(made, progress)
    progress(f"medium of {host.name}")
    final = out / f"{host.name}.iso"
    with image.mounted([made / "tools", made / "tree"]) as tree:
        content = tree / "srv/medium"
        (content / "boot/grub").mkdir(parents=True)
        (content / "kura").mkdir()
        for name in ("vmlinuz", "root.img"):
            shutil.copy(made / name, content / "kura" / name)
        shutil.copy(packages, content / "kura/packages.img")
        (content / "kura/host.img").write_bytes(archive(files(site, host, keys)))
        (content / "boot/grub/grub.cfg").write_text(menu(host.name), encoding="utf-8")
        with root_archive.attached(tree):
            run(
                [
                    "chroot",
                    tree,
                    "grub-mkrescue",
                    "--quiet",
                    "-o",
                    "/srv/medium.iso",
                    "/srv/medium",
                    "--",
                    "-volid",
                    "KURA",
                ]
            )
        part = final.with_suffix(".part")
        part.touch(mode=0o600)
        shutil.copyfile(tree / "srv/medium.iso", part)
    part.replace(final)
    return final


def checksum(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def ways(iso: Path, made: Path) -> list[str]:
    """By which firmware a machine can start from a medium, read from its own boot catalogue: "BIOS", "UEFI"."""
    said = _xorriso(iso, made, ["-report_el_torito", "plain"], iso.parent)
    return [name for name in ("BIOS", "UEFI") if f"  {name}  " in said]


def extract(iso: Path, made: Path, into: Path) -> list[Path]:
    """Read the archives back from a medium, in the order in which they are unpacked."""
    wanted = [word for name in ARCHIVES for word in ("-extract", f"/kura/{name}", f"/mnt/{name}")]
    _xorriso(iso, made, ["-osirrox", "on", *wanted], into)
    return [into / name for name in ARCHIVES]


def _xorriso(iso: Path, made: Path, words: list[str], folder: Path) -> str:
    """What xorriso says about a medium; `folder` is its /mnt."""
    with image.mounted([made / "tools", made / "tree"]) as tree:
        run(["mount", "--bind", folder, tree / "mnt"])
        (tree / "srv/medium").mkdir()
        run(["mount", "--bind", iso.parent, tree / "srv/medium"])
        done = run(["chroot", tree, "xorriso", "-indev", f"/srv/medium/{iso.name}", *words])
        return done.stdout + done.stderr
