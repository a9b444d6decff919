"""The workshop: a PostgreSQL 17 on a Unix socket, and Debian 13's Python 3.13, for unit tests and `./kura dev`.

Debian 12 has neither, and every machine should test the same thing, so both run from the cached image. The
database keeps nothing that matters: it trusts its socket and does not wait for the disk.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from lab import image, paths
from lab.shell import LabError, run

SOCKETS = Path("/run/kura/workshop")
# Its disk, and what else lives and dies with it (the sign-ins of `./kura dev`).
HOME = Path("/var/lib/kura-workshop")

_SERVE = r"""
set -e
install -d -o postgres -g postgres /run/workshop
if ! test -d /etc/postgresql/17/workshop; then
  pg_createcluster 17 workshop --locale C.UTF-8 -- --auth=trust --no-sync >/dev/null
  cat >> /etc/postgresql/17/workshop/postgresql.conf <<'EOF'
listen_addresses = ''
unix_socket_directories = '/run/workshop'
unix_socket_permissions = 0777
fsync = off
synchronous_commit = off
full_page_writes = off
jit = off
max_connections = 200
shared_buffers = 256MB
max_wal_size = 4GB
EOF
  echo 'local all all trust' > /etc/postgresql/17/workshop/pg_hba.conf
fi
rm -f /run/workshop/.s.PGSQL.5432*
exec setpriv --reuid=postgres --regid=postgres --init-groups /usr/lib/postgresql/17/bin/postgres \
  -D /var/lib/postgresql/17/workshop -c config_file=/etc/postgresql/17/workshop/postgresql.conf -c port=5432
"""


def is_up() -> bool:
    """Whether the workshop's PostgreSQL accepts connections."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(SOCKETS / ".s.PGSQL.5432"))
        except OSError:
            return False
    return True


def start(progress: image.Progress) -> None:
    """Start the workshop's PostgreSQL unless it runs; the user `kura` may do everything in it."""
    if is_up():
        return
    stop()
    lower = image.lower_dirs(progress)
    progress("workshop: PostgreSQL 17")
    for name in ("root", "upper", "work"):
        (HOME / name).mkdir(parents=True, exist_ok=True)
    SOCKETS.mkdir(parents=True, exist_ok=True)
    SOCKETS.chmod(0o777)
    options = f"lowerdir={':'.join(map(str, lower))},upperdir={HOME / 'upper'},workdir={HOME / 'work'}"
    run(["mount", "-t", "overlay", "kura-workshop", "-o", options, HOME / "root"])
    with (HOME / "log").open("w") as log:
        process = subprocess.Popen(
            [
                *image.container(HOME / "root", "--machine=kura-workshop", f"--bind={SOCKETS}:/run/workshop"),
                "sh",
                "-c",
                _SERVE,
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=image.nspawn_environment(),
            start_new_session=True,
        )
    (HOME / "pid").write_text(str(process.pid))
    deadline = time.monotonic() + 60
    while not is_up():
        if process.poll() is not None or time.monotonic() > deadline:
            raise LabError("the workshop's PostgreSQL did not start:\n" + (HOME / "log").read_text()[-2000:])
        time.sleep(0.2)
    for role, options in {
        "kura": "SUPERUSER LOGIN",
        "kura_owner": "LOGIN",
        "kura_app": "LOGIN",
        "kura_read": "LOGIN",
    }.items():
        _psql("postgres", f"DO $$ BEGIN CREATE ROLE {role} {options}; EXCEPTION WHEN duplicate_object THEN END $$")
    make_database("kura")


def stop() -> None:
    """Stop the workshop and forget its data."""
    pid = HOME / "pid"
    if pid.exists():
        number = int(pid.read_text())
        try:
            child = int(_child(number))
            os.kill(child, signal.SIGINT)
            _wait_gone(number)
        except (LabError, ProcessLookupError):
            pass
        pid.unlink()
    if (HOME / "root").is_mount():
        run(["umount", "-R", HOME / "root"])
    shutil.rmtree(HOME, ignore_errors=True)
    shutil.rmtree(SOCKETS, ignore_errors=True)


def python(argv: list[str], requirements: str, progress: image.Progress, env: dict[str, str], log: Path) -> int:
    """Run Debian 13's Python 3.13 in the project's folder; returns the exit code.

    `requirements` is the text of a hashed requirements file; its environment is made once and cached. Output goes
    to `log`; a folder named by `KURA_RESULTS_DIR` in `env` is writable.
    """
    digest = hashlib.sha256(requirements.encode()).hexdigest()[:12]
    environment = paths.cache() / "venvs" / f"py313-{digest}"
    project = paths.root()
    with image.mounted(image.lower_dirs(progress)) as root:
        base = image.container(
            root,
            f"--machine=kura-run-{os.getpid()}",
            "--resolv-conf=copy-host",
            "--capability=CAP_NET_ADMIN",  # `nft --check` asks for it
            f"--bind={environment.parent}",
            f"--bind-ro={project}",
            f"--bind={SOCKETS}",
            f"--chdir={project}",
            "--setenv=PYTHONDONTWRITEBYTECODE=1",
            *(f"--setenv={key}={value}" for key, value in env.items()),
            *(f"--bind={value}" for key, value in env.items() if key == "KURA_RESULTS_DIR"),
        )
        environment.parent.mkdir(parents=True, exist_ok=True)
        if not (environment / "complete").exists():
            progress("Python 3.13 environment")
            lock = environment.with_suffix(".lock")
            lock.write_text(requirements)
            script = (
                f"rm -rf {environment} && python3 -m venv {environment} && "
                f"{environment}/bin/pip install -q --require-hashes -r {lock} && touch {environment}/complete"
            )
            run([*base, "sh", "-c", script], env=image.nspawn_environment())
        with log.open("w") as out:
            return subprocess.call(
                [*base, str(environment / "bin/python"), *argv],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=image.nspawn_environment(),
            )


def _child(pid: int) -> str:
    """The container's first process behind nspawn's own."""
    done = run(["pgrep", "-P", str(pid)], check=False)
    if done.returncode:
        raise LabError("the workshop is not running")
    return done.stdout.split()[0]


def _wait_gone(pid: int) -> None:
    deadline = time.monotonic() + 15
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.1)


def make_database(name: str) -> None:
    """Make a database in the workshop unless it is there."""
    known = _psql("kura", "SELECT datname FROM pg_database").split()
    if name not in known:
        _psql("kura", f'CREATE DATABASE "{name}"')


def drop_database(name: str) -> None:
    """Make a database in the workshop be gone."""
    _psql("kura", f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _psql(user: str, statement: str) -> str:
    """What the workshop's PostgreSQL answers to one statement."""
    inside = ["nsenter", "-t", _child(int((HOME / "pid").read_text())), "-a", "/usr/lib/postgresql/17/bin/psql"]
    return run([*inside, "-h", "/run/workshop", "-U", user, "-d", "postgres", "-qAtc", statement]).stdout
