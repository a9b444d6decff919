"""The release bundle: what a host needs to run the application, as two archives.

`source-<release>.tar.gz` holds app/, inventory/, office/ and the lock; it is small and changes with every edit.
`wheels-<lock>.tar` holds the locked wheels for the hosts' Python; it is large and changes with the lock only.
Both are deterministic: the same tree gives the same bytes, so a second build changes nothing on a host.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import io
import os
import platform
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.markers import Marker
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from cli.context import Refused

HOST_PYTHON = "3.13"
# Sections of requirements.in whose packages run on the hosts; the others stay on the engineer's machine.
HOST_SECTIONS = ("the inventory model", "app/", "office/")
TEST_SECTIONS = ("proof on both Pythons",)
TREES = ("app", "docs/manual", "inventory", "office")
LEFT_OUT = {"__pycache__", "tests", ".mypy_cache", ".ruff_cache", ".pytest_cache", "node_modules"}
MOMENT = 315532800  # 1980-01-01: the oldest time every archive format can say
# Single files besides: the requirements' own words stand in the registers of the console.
SINGLE = ("requirements.lock", "tests/requirements/functions.csv", "tests/requirements/system.csv")
KEPT = 8

Progress = Callable[[str], None]


class BundleError(Refused):
    """The bundle cannot be made; the message says what is missing and what to do."""


@dataclass(frozen=True)
class Bundle:
    """A made bundle: the folder it stands in and what the hosts will call it."""

    path: Path
    release: str
    lock: str
    source: Path
    wheels: Path

    def variables(self) -> dict[str, str]:
        """What the role `release` must be told, as the playbooks' variable `kura_bundle`."""
        return {"release": self.release, "lock": self.lock, "source": str(self.source), "wheels": str(self.wheels)}


@dataclass(frozen=True)
class Pin:
    """One package of the lock, as it stands there: version, marker, hashes, and who asked for it."""

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]
    via: tuple[str, ...]

    def text(self) -> str:
        """The pin as a line of a requirements file with hashes, its marker already decided."""
        return f"{self.name}=={self.version} " + " ".join(f"--hash=sha256:{digest}" for digest in self.hashes) + "\n"


def build(root: Path, cache: Path, progress: Progress, into: Path | None = None) -> Bundle:
    """Make the bundle of the tree at `root`; the same tree makes the same bundle.

    `cache` keeps downloaded wheels (`cache/wheels`); when it is complete, no network is used. `into` is the
    folder for the archives, by default `cache/bundle`. Raises BundleError when a wheel cannot be had.
    """
    folder = into or cache / "bundle"
    folder.mkdir(parents=True, exist_ok=True)
    pins = host_pins((root / "requirements.in").read_text(), (root / "requirements.lock").read_text())
    requirements = "".join(pin.text() for pin in pins)
    lock = _short(requirements.encode() + f"{HOST_PYTHON} {platform.machine()}".encode())
    wheels = folder / f"wheels-{lock}.tar"
    if not wheels.exists():
        found = _wheels(pins, requirements, cache / "wheels", progress)
        _write(wheels, _tar([("requirements.txt", requirements.encode())] + [(p.name, p.read_bytes()) for p in found]))
        progress(f"wheels for Python {HOST_PYTHON}: {len(found)}")
    archive = _tar([*_source_files(root), ("requirements.txt", requirements.encode())])
    release = _short(archive + lock.encode())
    source = folder / f"source-{release}.tar.gz"
    if not source.exists():
        _write(source, gzip.compress(archive, compresslevel=6, mtime=0))
    _forget_old(folder, keep={source, wheels})
    progress(f"release {release}")
    return Bundle(folder, release, lock, source, wheels)


def test_requirements(root: Path) -> str:
    """A requirements file for unit tests on the hosts' Python: what hosts need, and pytest with its plugins."""
    wanted, locked = (root / "requirements.in").read_text(), (root / "requirements.lock").read_text()
    return "".join(pin.text() for pin in host_pins(wanted, locked, (*HOST_SECTIONS, *TEST_SECTIONS)))


def host_pins(wanted: str, locked: str, sections: tuple[str, ...] = HOST_SECTIONS) -> list[Pin]:
    """The pins that the hosts need: the host sections of requirements.in and all they depend on."""
    pins = {pin.name: pin for pin in read_lock(locked) if not pin.marker or Marker(pin.marker).evaluate(_host())}
    names = set(_roots(wanted, sections))
    absent = sorted(names - pins.keys())
    if absent:
        raise BundleError(f"requirements.lock lacks {', '.join(absent)}: run ./kura lock")
    while more := {pin.name for pin in pins.values() if pin.name not in names and names & set(pin.via)}:
        names |= more
    return [pins[name] for name in sorted(names)]


def read_lock(text: str) -> Iterator[Pin]:
    """Every pin of a lock file, with its `# via` lines."""
    for block in re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE):
        head = re.match(r"([a-z0-9._-]+)==([^ \n]+)(?: ; ([^\\\n]+))?", block)
        if head is None:
            continue
        comments = [line.strip("# ").removeprefix("via").strip() for line in block.splitlines() if "#" in line]
        yield Pin(
            name=canonicalize_name(head[1]),
            version=head[2],
            marker=(head[3] or "").strip(),
            hashes=tuple(re.findall(r"--hash=sha256:([0-9a-f]{64})", block)),
            via=tuple(canonicalize_name(comment) for comment in comments if comment),
        )


def _roots(wanted: str, sections: tuple[str, ...]) -> Iterator[str]:
    """Package names in these sections of requirements.in."""
    ours = False
    for line in wanted.splitlines():
        if line.startswith("# ---"):
            ours = line.removeprefix("# ---").strip().startswith(sections)
        name = re.match(r"[A-Za-z0-9._-]+", line)
        if ours and name:
            yield canonicalize_name(name[0])


def _host() -> dict[str, str]:
    """The marker environment of a host: Debian 13 with its own Python."""
    return {
        "python_version": HOST_PYTHON,
        "python_full_version": f"{HOST_PYTHON}.0",
        "sys_platform": "linux",
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
        "platform_machine": platform.machine(),
    }


def _wheels(pins: list[Pin], requirements: str, cache: Path, progress: Progress) -> list[Path]:
    """The wheel of every pin from the cache, downloading what is not there. Hashes are checked either way."""
    cache.mkdir(parents=True, exist_ok=True)
    if len(found := _cached(pins, cache)) < len(pins):
        progress(f"fetching wheels for Python {HOST_PYTHON} ({len(pins) - len(found)} of {len(pins)})")
        _download(requirements, cache)
        found = _cached(pins, cache)
    absent = [f"{pin.name} {pin.version}" for pin in pins if pin.name not in found]
    if absent:
        raise BundleError(f"no wheel for Python {HOST_PYTHON} on {platform.machine()}: {', '.join(absent)}")
    return [found[pin.name] for pin in pins]


def _cached(pins: list[Pin], cache: Path) -> dict[str, Path]:
    """Package name → wheel in the cache that has the locked version and one of the locked hashes."""
    wanted = {(pin.name, pin.version): pin for pin in pins}
    found = {}
    for path in sorted(cache.glob("*.whl")):
        try:
            name, version, _, tags = parse_wheel_filename(path.name)
        except InvalidWheelFilename:
            continue
        pin = wanted.get((canonicalize_name(name), str(version)))
        fits = any(tag.interpreter in ("cp313", "py3") or tag.abi == "abi3" for tag in tags)
        if pin and fits and hashlib.sha256(path.read_bytes()).hexdigest() in pin.hashes:
            found[pin.name] = path
    return found


def _download(requirements: str, cache: Path) -> None:
    """Have pip fetch the hosts' wheels; it refuses any whose hash is not the locked one."""
    platforms = [f"manylinux_2_{minor}_{platform.machine()}" for minor in (41, 34, 28, 17)]
    platforms.append(f"manylinux2014_{platform.machine()}")
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as listed:
        listed.write(requirements)
        listed.flush()
        command = [*_pip(cache), "download", "--quiet", "--no-deps", "--require-hashes", "--only-binary=:all:"]
        command += ["--disable-pip-version-check", "--retries=5", "--python-version", HOST_PYTHON]
        command += ["--implementation=cp", *(f"--platform={name}" for name in platforms)]
        done = subprocess.run([*command, "-d", str(cache), "-r", listed.name], capture_output=True, text=True)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise BundleError(f"the wheels could not be fetched (is there a network?): {reason}")


def _pip(cache: Path) -> list[str]:
    """A pip to call: this environment's, or one made beside the cache when it has none."""
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    beside = cache.parent / "pip"
    if not (beside / "bin" / "pip").exists():
        subprocess.run([sys.executable, "-m", "venv", str(beside)], check=True, capture_output=True)
    return [str(beside / "bin" / "python"), "-m", "pip"]


def _source_files(root: Path) -> list[tuple[str, bytes]]:
    """Archive name and content of every file of the application and the inventory, in a fixed order."""
    names = [path for tree in TREES for path in (root / tree).rglob("*") if path.is_file()]
    chosen = [path.relative_to(root) for path in names if path.suffix != ".pyc"]
    kept = sorted(str(path) for path in chosen if not LEFT_OUT & set(path.parts))
    return [(name, (root / name).read_bytes()) for name in [*kept, *SINGLE]]


def _tar(files: Iterable[tuple[str, bytes]]) -> bytes:
    """A tar of the files whose bytes depend on nothing but names and contents."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, content in files:
            member = tarfile.TarInfo(name)
            member.size, member.mtime, member.mode = len(content), MOMENT, 0o644
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def _write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, and leave it alone when it already says this."""
    if path.exists() and path.read_bytes() == content:
        return
    part = path.with_name(f"{path.name}.{os.getpid()}")
    part.write_bytes(content)
    part.replace(path)


def _forget_old(folder: Path, keep: set[Path]) -> None:
    """Drop all but the newest archives; several twins may share the folder."""
    for pattern in ("source-*.tar.gz", "wheels-*.tar"):
        archives = sorted(folder.glob(pattern), key=lambda path: path.stat().st_mtime, reverse=True)
        for path in archives[KEPT:]:
            if path not in keep:
                path.unlink(missing_ok=True)


def _short(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]
