"""`./kura deploy`: the playbooks over the hosts, from the inventory."""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from cli import bundle
from cli.context import Context, Refused
from lab import paths

RECAP = re.compile(r"^(\S+)\s+:\s+ok=(\d+)\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)")


@dataclass
class Recap:
    """What a playbook run did: per host, how many tasks changed something, and which failed."""

    code: int
    log: Path
    changed: dict[str, int]
    failed: dict[str, int]

    @property
    def total_changed(self) -> int:
        """Changes over all hosts."""
        return sum(self.changed.values())


def arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument("--limit", help="hosts or groups (default: the running hosts)")
    parser.add_argument("--tags", help="only plays and tasks with these tags")
    parser.add_argument("--check", action="store_true", help="say what would change, change nothing")
    parser.add_argument("--diff", action="store_true", help="show differences of files")
    parser.add_argument("--real", action="store_true", help="the real hosts, where no twin is")
    parser.add_argument("--reason", metavar="TEXT", help="why: for the work report that the run writes of itself")
    parser.add_argument("--verbose", action="store_true", help="everything Ansible says")


def main(context: Context) -> int:
    """Run site.yml."""
    given = context.arguments
    with context.progress.step("deploy" + (" (check)" if given.check else "")):
        recap = playbook(
            context,
            "site",
            limit=given.limit,
            tags=given.tags,
            check=given.check,
            diff=given.diff,
            verbose=given.verbose,
            extra={"kura_work_reason": given.reason} if given.reason else None,
        )
    print(f"changed={recap.total_changed}")
    return recap.code


def playbook(
    context: Context,
    name: str,
    *,
    limit: str | None = None,
    tags: str | None = None,
    check: bool = False,
    diff: bool = False,
    verbose: bool = False,
    extra: dict[str, object] | None = None,
) -> Recap:
    """Run playbooks/<name>.yml over the hosts; Refused when a task failed, with the task's own words."""
    twin = context.twin
    folder = context.root / "inventory" / context.site.name
    given = Path(context.arguments.inventory)
    if given.is_dir() and given.resolve() != folder:
        # The release carries inventory/ to the hosts, and nothing from elsewhere.
        raise Refused(f"{given} can be checked, but only a folder under inventory/ can be deployed: move it there", 2)
    (context.state / "secrets").mkdir(mode=0o700, parents=True, exist_ok=True)
    running = [host.name for host in twin.running()]
    in_lab = twin.mark.exists()
    if not in_lab and not context.arguments.__dict__.get("real"):
        raise Refused("there is no twin here: start one with ./kura up, or say --real to deploy to the real hosts", 2)
    if in_lab and not running:
        raise Refused("no host of the twin is running; start it with: ./kura up")
    variables: dict[str, object] = {
        "kura_lab": in_lab,
        "kura_bundle": release(context),
        **({"kura_twin_hosts": running} if in_lab else {}),
        **(extra or {}),
    }
    argv = [
        "ansible-playbook",
        "-i",
        str(folder),
        str(context.root / "playbooks" / f"{name}.yml"),
        "--extra-vars",
        json.dumps(variables),
    ]
    hosts = limit or (",".join(running) if in_lab else None)
    if hosts:
        argv += ["--limit", f"{hosts},localhost"]
    if tags:
        argv += ["--tags", tags]
    argv += ["--check"] if check else []
    argv += ["--diff"] if diff else []
    log = context.state / "logs" / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as keep:
        process = subprocess.Popen(
            argv,
            cwd=context.root,
            env=_environment(context, in_lab),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        assert process.stdout
        try:
            recap = _follow(process.stdout, keep, context, verbose)
        except KeyboardInterrupt:
            process.terminate()
            process.wait()
            raise
    recap.code = process.wait()
    recap.log = log
    if recap.code and not check:
        tail = "\n".join(log.read_text().splitlines()[-30:])
        raise Refused(f"the playbook {name} failed (whole log: {log})\n{tail}")
    return recap


def release(context: Context) -> dict[str, str]:
    """Make the release bundle of this tree; what the role `release` must know of it. Refused when it cannot be made."""
    try:
        made = bundle.build(context.root, paths.cache(), context.progress, into=context.state / "bundle")
    except bundle.BundleError as error:
        raise Refused(str(error)) from None
    return {"release": made.release, "lock": made.lock, "source": str(made.source), "wheels": str(made.wheels)}


def _follow(lines: IO[str], keep: IO[str], context: Context, verbose: bool) -> Recap:
    """Copy Ansible's words to the log, and the plays and tasks to the progress display."""
    recap = Recap(0, Path(), {}, {})
    for line in lines:
        keep.write(line)
        keep.flush()
        if verbose:
            print(line, end="", flush=True)
        elif line.startswith("PLAY [") or (line.startswith("TASK [") and context.progress.on_terminal):
            context.progress(line.strip(" *\n"))
        elif line.startswith(("fatal:", "failed:", "changed:")) and (not line.startswith("changed:")):
            print(line, end="", flush=True)
        if match := RECAP.match(line):
            recap.changed[match[1]] = int(match[3])
            recap.failed[match[1]] = int(match[4]) + int(match[5])
    return recap


def _environment(context: Context, in_lab: bool) -> dict[str, str]:
    environment = {
        **os.environ,
        "ANSIBLE_CONFIG": str(context.root / "ansible.cfg"),
        "KURA_STATE": str(context.state),
        "ANSIBLE_NOCOLOR": "1",
        "PYTHONPATH": str(context.root),
    }
    if in_lab:
        environment["ANSIBLE_SSH_ARGS"] = f"-F {context.twin.ssh_config}"
    return environment
