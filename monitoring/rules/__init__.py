"""Alert rules: the YAML files beside this module, as Prometheus reads them, with what each alert tells people."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

from inventory import Host, Inventory
from monitoring import expected

FOLDER = Path(__file__).parent
HEARTBEAT = "Heartbeat"
GOAL = "kura:slo_goal:ratio"


@dataclass(frozen=True)
class Alert:
    """One alert rule. `impact`, `first_step` and `runbook` (`file#heading`) are what the person on duty reads."""

    name: str
    file: str
    expr: str
    severity: str
    summary: str
    impact: str
    first_step: str
    runbook: str


def files(site: Inventory, host: Host) -> dict[str, str]:
    """File name → text of every rule file, for the monitoring host: those beside this module; and one with the goal
    of the contract that the service levels are measured against, with what must be measured, and with the heartbeat."""
    written = {path.name: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.yml"))}
    return {"site.yml": _of_site(site), **written}


def _of_site(site: Inventory) -> str:
    """The contract's availability as a series, so that no rule repeats the number; a series for each measurement that
    must be there; and the alert that never ends, by whose silence the watcher (monitoring/watcher.py) knows that nobody
    watches."""
    ratio = site.contract.availability_goal_percent / 100
    rule = {"record": GOAL, "expr": f"vector({ratio:.6g})"}
    beat = {"alert": HEARTBEAT, "expr": "vector(1)", "labels": {"severity": "none"}}
    rows = [rule, *expected.rules(site), beat]
    body: str = yaml.safe_dump({"groups": [{"name": "site", "rules": rows}]}, sort_keys=False, allow_unicode=True)
    return (
        f"# Made by monitoring.rules from inventory {site.name} and monitoring.expected; changes belong there.\n{body}"
    )


def recorded() -> frozenset[str]:
    """Names of the series that the rules themselves make."""
    made = {
        rule["record"]
        for path in FOLDER.glob("*.yml")
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]
        for rule in group["rules"]
        if "record" in rule
    }
    return frozenset({GOAL, expected.SERIES, *made})


def load() -> tuple[Alert, ...]:
    """Every alert in file order. KeyError names the annotation that an alert lacks."""
    return tuple(
        Alert(
            name=rule["alert"],
            file=path.name,
            expr=rule["expr"],
            severity=rule["labels"]["severity"],
            **{key: rule["annotations"][key] for key in ("summary", "impact", "first_step", "runbook")},
        )
        for path in sorted(FOLDER.glob("*.yml"))
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]
        for rule in group["rules"]
        if "alert" in rule
    )
