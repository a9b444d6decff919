"""`./kura up`: from a bare machine to a running appliance that lends."""

from __future__ import annotations

import argparse
import sys

from cli import check, demo, deploy, evidence, preflight
from cli.context import Context
from lab import image, window


def arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument("hosts", nargs="*", help="hosts to start (default: the inventory's `twin` list)")
    parser.add_argument("--no-window", action="store_true", help="do not make the names work on this machine")


def main(context: Context) -> int:
    """Every step can be repeated: what is there stays, what is missing is made."""
    twin, progress, site = context.twin, context.progress, context.site
    hosts = context.arguments.hosts or list(site.hosts_file.twin)
    for name in hosts:
        twin.machine(name)
    with progress.step("this machine"):
        preflight.lab(progress)
        if not context.arguments.no_window:
            window.check_ports(site, context.state)
    with progress.step("image"):
        image.lower_dirs(progress)
    with progress.step("hosts"):
        twin.start(hosts, progress)
    with progress.step("deploy"):
        recap = deploy.playbook(context, "site")
    with progress.step("demonstration library"):
        loaded = demo.load(context)
    with progress.step("end-to-end check"):
        failed = check.run(context)
    urls = {} if context.arguments.no_window else twin.open_window()
    evidence.timing(context, "up", {"changed": recap.total_changed + loaded, **progress.seconds}, passed=not failed)
    _tell(context, urls, recap.total_changed + loaded)
    return 1 if failed else 0


def _tell(context: Context, urls: dict[str, str], changed: int) -> None:
    """Addresses, sign-ins and seconds, for the engineer at the screen."""
    site, state = context.site, context.state
    print(f"\n{site.organisation.name} — {len(context.twin.running())} hosts, changed={changed}")
    for title, name in (("OPAC", "opac"), ("staff", "staff"), ("console", "console"), ("Prometheus", "prometheus")):
        if url := urls.get(site.fqdn(name)):
            print(f"  {title:<11} {url}")
    if urls:
        print(f"  (the browser must trust {state / 'ca.crt'})")
    for who in demo.SIGN_INS:
        path = state / "secrets" / f"demo_{who}"
        if path.exists():
            name = (state / "secrets/demo_card").read_text().strip() if who == "patron" else who
            print(f"  sign-in     {name}  {path.read_text().strip()}")
    print("  seconds     " + ", ".join(f"{step} {seconds:.0f}" for step, seconds in context.progress.seconds.items()))
    print(f"  total       {context.progress.total:.0f} s")
    sys.stdout.flush()
