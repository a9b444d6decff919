"""What hosts are made of: a Debian 13 base, and a layer with every role's packages on top.

Both are folders in the cache named after a hash of what went in, so that they are made once and made again only
when their contents change. A half-made one never gets its final name.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import yaml

from lab import paths
from lab.shell import LabError, run

Progress = Callable[[str], None]

SUITE = "trixie"
BASE = [
    "systemd",
    "systemd-sysv",
    "dbus",
    "python3",
    "python3-apt",
    "iproute2",
    "openssh-server",
    "ca-certificates",
    "sudo",
    "nftables",
    "iputils-ping",
    "curl",
    "openssl",
    "procps",
    "less",
    "acl",
    "netcat-openbsd",
]
# What the lab itself needs on hosts, beside the roles' packages: userspace WireGuard (no kernel module here),
# and for the workshop a PostgreSQL and a Python that can make environments.
EXTRA = ["wireguard-go", "wireguard-tools", "postgresql-17", "python3-venv"]
KEPT_UNITS = {"ssh.service", "systemd-networkd.service"}


# Part of the layer's name: count up when the steps that make it change, so that no cache hides the change.
RECIPE = "2"


def role_packages(root: Path) -> list[str]:
    """Every package named by a `<role>_packages` list in the roles' defaults."""
    found: set[str] = set()
    for path in sorted((root / "roles").glob("*/defaults/main.yml")):
        values = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        for key, value in values.items():
            if key.endswith("_packages"):
                found.update(str(item) for item in value)
    return sorted(found)


def lower_dirs(progress: Progress) -> list[Path]:
    """The folders a host's file system stands on, topmost first; makes what is missing."""
    packages = sorted({*role_packages(paths.root()), *EXTRA})
    base = paths.cache() / "images" / f"base-{_digest([SUITE, *BASE, _CONFIGURE])}"
    layer = paths.cache() / "images" / f"layer-{_digest([RECIPE, base.name, *packages])}"
    with building():
        if not base.is_dir():
            progress("base image: Debian 13 (2–3 minutes the first time)")
            _make_base(base)
        if not layer.is_dir():
            progress(f"roles' layer: {len(packages)} packages (a few minutes the first time)")
            _make_layer(base, layer, packages)
    return [layer, base]


def _digest(parts: list[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


@contextlib.contextmanager
def building() -> Iterator[None]:
    """One builder at a time, also between instances."""
    folder = paths.cache() / "images"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


_CONFIGURE = r"""
set -e
: > /etc/machine-id
rm -f /etc/ssh/ssh_host_* /etc/resolv.conf /var/lib/dbus/machine-id
echo force-unsafe-io > /etc/dpkg/dpkg.cfg.d/kura-lab
systemctl enable systemd-networkd ssh
systemctl mask systemd-networkd-wait-online.service getty@.service console-getty.service getty.target \
  apt-daily.timer apt-daily-upgrade.timer systemd-firstboot.service e2scrub_all.timer dpkg-db-backup.timer
# /tmp and /dev of a container are made from outside, and are there before its systemd is.
systemctl mask tmp.mount systemd-tmpfiles-setup-dev.service systemd-tmpfiles-setup-dev-early.service
mkdir -p /etc/ssh/sshd_config.d /root/.ssh
chmod 700 /root/.ssh
printf '%s\n' 'PermitRootLogin prohibit-password' 'PasswordAuthentication no' 'UseDNS no' \
  > /etc/ssh/sshd_config.d/10-kura-day0.conf
"""


def _make_base(final: Path) -> None:
    """Debian with what a host needs before Ansible can reach it."""
    work = final.with_suffix(".part")
    shutil.rmtree(work, ignore_errors=True)
    (paths.cache() / "apt" / "partial").mkdir(parents=True, exist_ok=True)
    keyring = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
    if not keyring.exists():
        raise LabError("debian-archive-keyring is not installed")
    run(
        [
            "mmdebstrap",
            "--variant=minbase",
            "--skip=cleanup/apt/lists",
            '--aptopt=Acquire::Retries "5"',
            "--include=" + ",".join(BASE),
            SUITE,
            work,
        ]
    )
    own_ca = Path("/usr/local/share/ca-certificates")
    for certificate in sorted(own_ca.glob("*.crt")) if own_ca.is_dir() else []:
        shutil.copy(certificate, work / "usr/local/share/ca-certificates" / certificate.name)
    run(["chroot", work, "update-ca-certificates"])
    run(["chroot", work, "sh", "-c", _CONFIGURE])
    work.rename(final)


def _make_layer(base: Path, final: Path, packages: list[str]) -> None:
    """The roles' packages on top of the base, none of their services enabled: roles do that."""
    work = final.with_suffix(".part")
    for name in ("upper", "work", "root"):
        folder = work.with_name(work.name + "-" + name)
        if name == "root" and folder.is_mount():
            run(["umount", "-R", folder])
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    upper, scratch, mount = (work.with_name(work.name + "-" + name) for name in ("upper", "work", "root"))
    archives = paths.cache() / "apt"
    archives.mkdir(exist_ok=True)
    run(["mount", "-t", "overlay", "kura-layer", "-o", f"lowerdir={base},upperdir={upper},workdir={scratch}", mount])
    try:
        for source, target in (("/proc", "proc"), ("/dev", "dev"), (str(archives), "var/cache/apt/archives")):
            (mount / target).mkdir(parents=True, exist_ok=True)
            run(["mount", "--bind", source, mount / target])
        (mount / "etc/resolv.conf").write_text(Path("/etc/resolv.conf").read_text())
        (mount / "usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 101\n")
        (mount / "usr/sbin/policy-rc.d").chmod(0o755)
        (mount / "etc/postgresql-common").mkdir(exist_ok=True)
        (mount / "etc/postgresql-common/createcluster.conf").write_text("create_main_cluster = false\n")
        before = set(_enabled(mount))
        run(["chroot", mount, "apt-get", "-q", "update"])
        run(
            [
                "chroot",
                mount,
                "env",
                "DEBIAN_FRONTEND=noninteractive",
                "apt-get",
                "-qy",
                "-o",
                "Acquire::Retries=5",
                "install",
                "--no-install-recommends",
                *packages,
            ]
        )
        for link in set(_enabled(mount)) - before:
            link.unlink()
        (mount / "usr/sbin/policy-rc.d").unlink()
        (mount / "etc/resolv.conf").unlink()
    finally:
        run(["umount", "-R", mount])
        mount.rmdir()
    shutil.rmtree(scratch)
    upper.rename(final)


def _enabled(mount: Path) -> list[Path]:
    """The links by which systemd starts units, and their aliases.

    An alias left behind (chronyd, upsd, upsmon) makes `systemctl is-enabled` say enabled: a role would then never
    enable the unit, and it would not come back after a boot.
    """
    folder = mount / "etc/systemd/system"
    aliases = [link for link in folder.glob("*.service") if link.is_symlink() and str(link.readlink()) != "/dev/null"]
    return [link for link in [*folder.glob("*.wants/*"), *aliases] if link.name not in KEPT_UNITS]


def run_in_layer(argv: list[str], bind: list[Path], progress: Progress = lambda _: None) -> str:
    """Run one command of the roles' layer (promtool, amtool …) with folders bound in place; returns its output."""
    lower = lower_dirs(progress)
    binds = [f"--bind-ro={path}" for path in bind]
    with mounted(lower) as root:
        return run(
            [*container(root, f"--machine=kura-run-{os.getpid()}", *binds), *argv],
            env=nspawn_environment(),
        ).stdout


@contextlib.contextmanager
def mounted(lower: list[Path]) -> Iterator[Path]:
    """A throwaway writable root over `lower`, gone at the end."""
    with tempfile.TemporaryDirectory(prefix="kura-root-", dir=paths.cache()) as scratch:
        root, upper, work = (Path(scratch) / name for name in ("root", "upper", "work"))
        for folder in (root, upper, work):
            folder.mkdir()
        options = f"lowerdir={':'.join(map(str, lower))},upperdir={upper},workdir={work}"
        run(["mount", "-t", "overlay", "kura-root", "-o", options, root])
        try:
            yield root
        finally:
            run(["umount", "-R", root])


def container(root: Path, *options: str) -> list[str]:
    """The command line that runs one command in a root of the image, on this machine's network, without booting it."""
    flags = ["-q", "--register=no", "--keep-unit", "--as-pid2", "--console=pipe"]
    return ["systemd-nspawn", *flags, "-D", str(root), *options]


def nspawn_environment() -> dict[str, str]:
    """What systemd-nspawn needs to know on a machine with mixed control groups."""
    return {
        "PATH": os.environ.get("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"),
        "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1",
        "SYSTEMD_NSPAWN_API_VFS_WRITABLE": "network",
    }
