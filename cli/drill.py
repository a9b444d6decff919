"""`./kura drill NAME`: do the thing that must work when it matters, measure, keep the evidence."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from typing import Any

from backup import drill as restore
from cli import evidence, power
from cli.context import Context, Refused
from ups import drill as cuts
from ups.client import UpsError

TITLES = {
    "alarms": "全サービスの停止と通知までの時間",
    "disk": "ディスクの故障と交換",
    "faults": "負荷中の障害と台帳の照合",
    "metal": "空のサーバへの無人導入",
    "power": "停電時の順序停止と復電",
    "restore": "バックアップからの復元",
}
# On a virtual machine of their own.
WITHOUT_TWIN = frozenset({"disk", "metal"})


def arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument("name", choices=sorted(TITLES))
    parser.add_argument(
        "--trace",
        choices=power.NAMES,
        default=power.FULL,
        help="power: full (to the end and back, default); dip, feed, services, flap (nobody boots); "
        "return, hung, upsd, weak, split (something else goes wrong as well)",
    )
    parser.add_argument("--by", metavar="NAME", help="power: who stood by; makes it the record of a yearly work")
    parser.add_argument("--show", action="store_true", help="power: print feeds, order, batteries, procedure, records")
    faults = parser.add_argument_group("faults and alarms")
    faults.add_argument(
        "--case", action="append", default=[], metavar="NAME", help="only these: a kind, or kill/db1/* (alarms: dns/*)"
    )
    faults.add_argument("--times", type=int, default=20, help="power cuts without warning (default 20)")
    faults.add_argument("--seed", type=int, default=1, help="which moments and hosts are drawn")
    faults.add_argument("--again", action="store_true", help="from the beginning, not where an interrupted drill was")
    parser.add_argument("--lost", nargs="+", metavar="HOST", help="restore: these hosts' disks are erased, or `site`")
    parser.add_argument("--json", metavar="FILE", help="write the figures as JSON")


def main(context: Context) -> int:
    """Run the drill; exit 1 when it showed something that must not be."""
    name = context.arguments.name
    if context.arguments.show:
        return power.show(context)
    if name not in WITHOUT_TWIN and not context.twin.running():
        raise Refused("no twin is running; start it with: ./kura up")
    if name in WITHOUT_TWIN and not (context.state.exists() and any(context.state.iterdir())):
        context.twin.claim()  # the evidence's folder must not look like a real site's to a later `up`
    started = datetime.now(UTC)
    hosts = [] if name in WITHOUT_TWIN else [host.name for host in context.twin.running()]
    try:
        with evidence.begun(context, name, TITLES[name], started, hosts), context.progress.step(f"drill {name}"):
            result = run(context, name)
    except (restore.DrillError, cuts.DrillError, UpsError) as error:
        raise Refused(f"drill {name}: {error}") from error
    passed = bool(result["passed"])
    evidence.drill(context, name, TITLES[name], started, result, passed, hosts=hosts)
    evidence.write_json(context.arguments.json, result["figures"])
    for key, row in result["figures"].items():
        goal = (
            "" if row["goal"] is None else f"   goal {row['goal']} {row['unit']}: {'met' if row['met'] else 'NOT MET'}"
        )
        print(f"{key:<40} {row['value']} {row['unit']}{goal}")
    if not passed:
        print(json.dumps(result.get("details", {}), ensure_ascii=False, indent=1))
    print("passed" if passed else "FAILED")
    return 0 if passed else 1


def run(context: Context, name: str) -> dict[str, Any]:
    """The drill of that name on the running twin; returns figures, details and whether it passed."""
    twin = context.twin
    if name == "disk":
        from cli import disk_drill

        return disk_drill.run(context)
    if name == "metal":
        from cli.metal import proof

        return proof.run_drill(context)
    if name == "restore":
        from cli import lost
        from cli import restore as restoring

        if context.arguments.lost:
            return lost.run(context, context.arguments.lost)

        context.progress(f"{restoring.collect(context)} rehearsals of the keeper filed")
        return restore.run(context.site, twin.shell, context.progress)
    if name == "alarms":
        from cli import alarms

        return alarms.run(context)
    if name == "faults":
        from cli.faults import drill as faults

        return faults.run(context)
    return power.run(context, context.arguments.trace, context.arguments.by)
