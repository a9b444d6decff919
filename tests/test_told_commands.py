"""What runbooks, manuals, READMEs and alerts tell people to type exists: verbs, options, hosts, units, programs, plays.

Every `./kura …` is read by the verb's own parser; every unit that is to be looked at or started belongs to a role.
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import yaml

from cli.__main__ import VERBS, verb
from inventory import load
from monitoring import rules
from monitoring.alarm_cases import UNITS

ROOT = Path(__file__).parents[1]
SITE = load("nagano")
PAGES = sorted(
    [*ROOT.glob("docs/*/*.md"), *ROOT.glob("*.md"), *ROOT.glob("*/README.md"), *ROOT.glob("app/*/README.md")]
)
# Units that Debian makes from its own configuration, which no role names.
MADE = {"nut-driver@"}
PLACEHOLDER = re.compile(r"\{\{[^}]*\}\}|[^\x00-\x7f]+")


def spans() -> Iterator[tuple[str, str]]:
    """Where and what: every piece of code in the texts, and the commands in the alerts' first steps."""
    for path in PAGES:
        text = path.read_text(encoding="utf-8")
        where = path.relative_to(ROOT).as_posix()
        for fence in re.findall(r"^ *```\w*\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL):
            yield from ((where, line.partition(" #")[0].strip()) for line in fence.splitlines())
        text = re.sub(r"^ *```.*?^ *```", "", text, flags=re.MULTILINE | re.DOTALL)
        yield from ((where, span) for span in re.findall(r"`([^`\n]+)`", text))
    for alert in rules.load():
        for found in re.findall(r"(?:\./kura|systemctl|journalctl)(?: (?:\{\{[^}]*\}\}|[!-~]+))+", alert.first_step):
            yield alert.name, found


def kura() -> list[tuple[str, str]]:
    """The commands of the one command line."""
    return [(where, span) for where, span in spans() if span.startswith("./kura ")]


def options(parser: argparse.ArgumentParser) -> Iterator[str]:
    """Every option of a parser and of its kinds."""
    for action in parser._actions:
        yield from action.option_strings
        if isinstance(action, argparse._SubParsersAction):
            for kind in action.choices.values():
                yield from options(kind)


def read(command: str) -> None:
    """Read a command's arguments as the command line does; ValueError with its own words when it would refuse."""
    words = shlex.split(PLACEHOLDER.sub("x", command))[1:]
    while words[:1] == ["--inventory"]:
        words = words[2:]
    if words[0] not in VERBS:
        raise ValueError(f"{words[0]} is no verb")
    parser = verb(words[0])[1]
    if "…" in command or len(words) == 1:  # the verb is meant, not a whole command
        unknown = {word for word in words if word.startswith("--")} - set(options(parser))
        if unknown:
            raise ValueError(f"no option {', '.join(unknown)}")
        return
    for chosen in itertools.product(*(word.split("|") for word in words[1:])):
        parser.parse_args(list(chosen))


@pytest.fixture(autouse=True)
def _sentences_instead_of_exit(monkeypatch: pytest.MonkeyPatch) -> None:
    def error(self: argparse.ArgumentParser, message: str) -> None:
        raise ValueError(f"{self.prog}: {message}")

    monkeypatch.setattr(argparse.ArgumentParser, "error", error)


def test_every_command_that_people_are_told_to_type_is_one() -> None:
    told = kura()
    wrong = []
    for where, command in told:
        try:
            read(command)
        except (ValueError, argparse.ArgumentTypeError) as reason:
            wrong.append(f"{where}: {command}: {reason}")
    assert wrong == []
    assert len(told) > 100
    assert {where for where, _ in told} >= {f"docs/runbooks/{name}.md" for name in ("backup", "audit", "node", "metal")}


@pytest.mark.parametrize("command", ["./kura restor list", "./kura restore list --whole", "./kura drill fire"])
def test_a_command_that_does_not_exist_is_found(command: str) -> None:
    with pytest.raises(ValueError, match=r"no verb|unrecognized|invalid choice"):
        read(command)


@cache
def units() -> frozenset[str]:
    """The units that the roles write, start or follow, and those that rooms write; of a template unit the part up to
    the @."""
    token = re.compile(r"[A-Za-z0-9_.-]+(?:@[^\s\"'/,}\]]*)?\.(?:service|timer|socket)(?![\w.])")
    order = re.compile(r"\s*(?:#|After=|Before=|Wants=|Requires=|BindsTo=|PartOf=|Conflicts=)")
    found = set()
    for path in (ROOT / "roles").rglob("*"):
        if path.suffix in (".yml", ".j2"):
            lines = [line.partition(" # ")[0] for line in path.read_text().splitlines() if not order.match(line)]
            found |= {plain(unit) for unit in token.findall("\n".join(lines))}
    for path in (
        path for room in ("backup", "disks", "monitoring", "network", "ups") for path in ROOT.glob(f"{room}/*.py")
    ):
        found |= {plain(unit) for unit in re.findall(r"/etc/systemd/system/([\w@.-]+)", path.read_text())}
    return frozenset(found)


def plain(unit: str) -> str:
    """`kura-backup@daily` and `kura-backup@.service` → kura-backup@; `nginx` → nginx.service."""
    if "@" in unit:
        return unit.partition("@")[0] + "@"
    return unit if re.search(r"\.(service|timer|socket|slice)$", unit) else f"{unit}.service"


def looked_at() -> Iterator[tuple[str, str, str]]:
    """Where, host (empty: whichever), unit: what systemctl and journalctl are asked for."""
    for where, span in spans():
        inner = re.search(r"(?:^|-- |; )(systemctl|journalctl) (.*)", span)
        if not inner:
            continue
        words = shlex.split(PLACEHOLDER.sub("PLACEHOLDER", inner[2]))
        if inner[1] == "systemctl":
            named = [word for word in words[1:] if not word.startswith("-")]
        else:
            named = [after for word, after in itertools.pairwise(words) if word in ("-u", "--unit")]
        host = re.match(r"\./kura ssh ([a-z][a-z0-9-]*)", span)
        yield from ((where, host[1] if host else "", unit) for unit in named if "PLACEHOLDER" not in unit)


def test_every_unit_that_is_looked_at_or_started_belongs_to_a_role() -> None:
    asked = list(looked_at())
    known = units() | MADE
    missing = []
    for where, _, unit in asked:
        stem = unit.partition("*")[0] if "*" in unit else ""
        if not (any(one.startswith(stem) for one in known) if stem else plain(unit) in known):
            missing.append(f"{where}: {unit}")
    assert missing == []
    assert len({unit for _, _, unit in asked}) > 30


def test_a_unit_is_looked_for_on_a_host_that_has_it() -> None:
    wrong = []
    for where, host, unit in looked_at():
        services = [id_ for id_, names in UNITS.items() if plain(unit) in names and len(set(names)) == 1]
        hosts = {h.name for s in SITE.services if s.id in services for h in s.hosts}
        # rsyslog and chrony run everywhere; the mail goes out from every host.
        if host and hosts and unit not in ("rsyslog", "chrony", "postfix") and host not in hosts:
            wrong.append(f"{where}: {unit} on {host}")
    assert wrong == []


def test_every_host_that_a_command_names_is_one() -> None:
    named = {(where, found) for where, span in kura() for found in re.findall(r"ssh ([a-z][a-z0-9-]*)", span)}
    assert {host for _, host in named} >= {"gw1", "db1", "bak1", "mon1", "app1"}
    assert [(where, host) for where, host in named if host not in {h.name for h in SITE.hosts}] == []


def test_every_play_variable_and_module_that_is_named_is_there() -> None:
    """`ansible-playbook playbooks/x.yml -e name=…` and `python3 -m room.module`."""
    seen = 0
    for where, span in spans():
        for path in re.findall(r"playbooks/[\w-]+\.yml", span):
            assert (ROOT / path).exists(), (where, span)
            text = (ROOT / path).read_text() + "".join(p.read_text() for p in (ROOT / "roles").rglob("*.yml"))
            for name in re.findall(r"-e (\w+)=", span):
                assert re.search(rf"\b{name}\b", text), (where, name)
                seen += 1
        for module in re.findall(r"python3? -m ([\w.]+)", span):
            assert importlib.util.find_spec(module), (where, span)
            seen += 1
    assert seen > 5
    assert yaml.safe_load((ROOT / "playbooks/site.yml").read_text())
