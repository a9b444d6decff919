"""Each fault an engineer can write is told with its file, line, key, value and what was expected."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from inventory import InventoryError, load
from inventory.loader import HERE


@dataclass(frozen=True)
class Fault:
    """One edit of the Nagano inventory: `old` becomes `new` in `file`; the problem stands at the line of `at`."""

    file: str
    old: str
    new: str
    key: str
    value: str
    expected: str
    at: str


GW1 = "power: {supplies: [ups-a, ups-b], stop_seconds: 30}\n    hardware: {model: 1U ルータサーバ"
APP1_DISKS = "unit: 30, height: 2}\n    disks: [{use: boot, raid: 1, count: 2, size_gb: 480}]"
LIBRARY = "from: [staff, kiosk, guest, ops, wan]"

FAULTS = [
    Fault(
        "organisation",
        "timezone: Asia/Tokyo\n",
        "",
        "timezone",
        "missing",
        "a value here: the key is required",
        "name: 長野市立図書館",
    ),
    Fault("organisation", "vendor:", "vender: x\nvendor:", "vender", "'x'", "no such key", "vender:"),
    Fault(
        "organisation",
        "domain: kura-nagano.example",
        "domain: kura nagano",
        "domain",
        "'kura nagano'",
        "text of the form ^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$",
        "domain:",
    ),
    Fault(
        "organisation", "city: 長野市", "city: 長野市\ncity: 松本市", "city", "given twice", "one value", "city: 松本市"
    ),
    Fault(
        "organisation",
        "city: 長野市",
        "city: [",
        "(syntax)",
        "did not find expected ',' or ']'",
        "valid YAML",
        "domain:",
    ),
    Fault(
        "organisation",
        "city: 長野市",
        "city: !!python/name:os.system 長野市",
        "city",
        "tag:yaml.org,2002:python/name:os.system",
        "plain YAML without tags",
        "city: !!",
    ),
    Fault(
        "places",
        "{number: 3, id: bm",
        "{number: 2, id: bm",
        "places.2.number",
        "2",
        "a number of its own (line N has it already)",
        "id: bm",
    ),
    Fault(
        "places",
        "id: serita",
        "id: daiichi",
        "places.4.id",
        "'daiichi'",
        "an id of its own (line N has it already)",
        "芹田",
    ),
    Fault("places", "number: 62", "number: 162", "places.61.number", "162", "at most 99", "number: 162"),
    Fault(
        "networks",
        "{id: app, number: 10",
        "{id: app, number: 20",
        "zones.2.number",
        "20",
        "a number of its own (line N has it already)",
        "{id: data",
    ),
    Fault(
        "networks",
        "sites: 10.81.0.0/16",
        "sites: 10.80.0.0/16",
        "sites",
        "'10.80.0.0/16'",
        "a network that does not overlap datacentre (10.80.0.0/16)",
        "sites:",
    ),
    Fault(
        "networks",
        "tunnels: 10.82.0.0/16",
        "tunnels: 172.16.0.0/16",
        "tunnels",
        "'172.16.0.0/16'",
        "a network within the supernet 10.80.0.0/12",
        "tunnels:",
    ),
    Fault(
        "networks",
        "provider: 198.18.0.0/16",
        "provider: 10.85.0.0/16",
        "provider",
        "'10.85.0.0/16'",
        "a network outside the supernet 10.80.0.0/12",
        "provider:",
    ),
    Fault(
        "networks",
        "provider_gateway: 198.18.255.254",
        "provider_gateway: 198.18.0.1",
        "provider_gateway",
        "'198.18.0.1'",
        "an address of 198.18.0.0/16 that is no router's of ours",
        "provider_gateway:",
    ),
    Fault(
        "networks",
        "datacentre: 10.80.0.0/16",
        "datacentre: 10.80.0.0/20",
        "datacentre",
        "'10.80.0.0/20'",
        "a network of at least 65536 addresses (/16)",
        "datacentre:",
    ),
    Fault(
        "networks",
        "{id: kiosk, offset: 128",
        "{id: kiosk, offset: 64",
        "zones.7.offset",
        "64",
        "an offset of its own (line N has it already)",
        "id: kiosk",
    ),
    Fault(
        "networks",
        "{id: ops, number: 30",
        "{id: ops",
        "zones.3.number",
        "missing",
        "a number: the zone's place is datacentre",
        "{id: ops",
    ),
    Fault(
        "networks",
        "{id: manage, ",
        "{id: wg0, ",
        "zones.10.id",
        "'wg0'",
        "manage: the zone's place is management",
        "{id: wg0",
    ),
    Fault(
        "hosts",
        "name: db1",
        "name: app1",
        "hosts.2.name",
        "'app1'",
        "a name of its own (line N has it already)",
        "name: app1\n    zone: data\n",
    ),
    Fault(
        "hosts",
        "zone: data\n    number: 11",
        "zone: app\n    number: 11",
        "hosts.2.number",
        "('app', 11)",
        "a number of its own (line N has it already)",
        "number: 11\n    kind: server\n    purpose: データベース",
    ),
    Fault("hosts", "zone: dmz", "zone: dmy", "hosts.0.zone", "'dmy'", "a zone of networks.yml", "zone: dmy"),
    Fault(
        "hosts",
        "zone: data\n",
        "zone: kiosk\n",
        "hosts.2.zone",
        "'kiosk'",
        "a zone whose place is datacentre",
        "zone: kiosk\n    number: 11\n    kind: server",
    ),
    Fault("hosts", "    zone: dmz\n", "", "hosts.0.zone", "missing", "a value here: the key is required", "name: gw1"),
    Fault(
        "hosts",
        "    owner: operations\n    backup: monitoring\n",
        "    backup: monitoring\n",
        "hosts.3.owner",
        "missing",
        "a value here: the key is required",
        "name: mon1",
    ),
    Fault(
        "hosts",
        "owner: operations\n    backup: monitoring",
        "owner: nobody\n    backup: monitoring",
        "hosts.3.owner",
        "'nobody'",
        "a role of contacts.yml",
        "owner: nobody",
    ),
    Fault(
        "hosts",
        "backup: database",
        "backup: databases",
        "hosts.2.backup",
        "'databases'",
        "a class of backup.yml",
        "backup: databases",
    ),
    Fault(
        "hosts",
        "    backup: database\n",
        "",
        "hosts.2.backup",
        "missing",
        "a value here: the key is required",
        "name: db1",
    ),
    Fault(
        "hosts",
        GW1,
        GW1.replace("ups-b", "ups-c"),
        "hosts.0.power.supplies.1",
        "'ups-c'",
        "a unit of power.yml",
        "ups-c",
    ),
    Fault(
        "hosts",
        GW1,
        GW1.replace("[ups-a, ups-b]", "[]"),
        "hosts.0.power.supplies",
        "[]",
        "a unit of power.yml that feeds this router",
        "supplies: []",
    ),
    Fault(
        "hosts",
        "raid: 6, count: 8",
        "raid: 6, count: 3",
        "hosts.4.disks.1.count",
        "3",
        "at least 4 disks for RAID 6",
        "raid: 6",
    ),
    Fault(
        "hosts",
        "raid: 10, count: 4",
        "raid: 10, count: 5",
        "hosts.2.disks.1.count",
        "5",
        "at least 4 disks, an even number for RAID 10",
        "raid: 10",
    ),
    Fault(
        "hosts",
        "raid: 5, count: 4, size_gb: 3840",
        "raid: 5, count: 4, size_gb: 3840, bays: [pci-0000:00:1f.2-ata-1]",
        "hosts.3.disks.1.bays",
        "['pci-0000:00:1f.2-ata-1']",
        "4 different bays, one for each disk",
        "raid: 5",
    ),
    Fault(
        "hosts",
        "raid: 5, count: 4, size_gb: 3840",
        "raid: 5, count: 4, size_gb: 3840, controller: ssacli, bays: [b1, b2, b3, b4]",
        "hosts.3.disks.1.bays",
        "['b1', 'b2', 'b3', 'b4']",
        "no bays: ssacli numbers the slots itself",
        "raid: 5",
    ),
    Fault(
        "hosts",
        "raid: 1, count: 2, size_gb: 240",
        "raid: 1, count: 2, size_gb: 240, encrypted: true",
        "hosts.0.disks.0.encrypted",
        "True",
        "false: nobody stands by to unlock a boot disk",
        "encrypted: true",
    ),
    Fault(
        "hosts",
        ", mount: /srv/borg",
        "",
        "hosts.4.disks.1.mount",
        "missing",
        "a folder where the data disks are mounted",
        "raid: 6",
    ),
    Fault(
        "hosts",
        "rack: A, unit: 30",
        "rack: A, unit: 28",
        "hosts.2.hardware.unit",
        "27",
        "free units of rack A: app1 stands in 28",
        "2U データベースサーバ",
    ),
    Fault(
        "hosts",
        "zone: app\n    number: 11\n    kind: server",
        "zone: app\n    number: 1\n    kind: server",
        "hosts.1.number",
        "1",
        "2 or more: 1 is the router's",
        "number: 1\n    kind: server",
    ),
    Fault(
        "hosts",
        "zone: ops\n    number: 11\n    kind: server",
        "zone: ops\n    number: 1\n    kind: router",
        "hosts.3.kind",
        "'router'",
        "another kind: the data centre has one router",
        "kind: router\n    purpose: 監視",
    ),
    Fault(
        "hosts",
        "places: [main, room]",
        "places: [main]",
        "per_place.3.places.0",
        "'room'",
        "a kind of place for which a router is made",
        "places: [room]",
    ),
    Fault(
        "hosts",
        "name: opac-{place}-{n}",
        "name: opac-{place}",
        "per_place.1.name",
        "'opac-{place}'",
        "a name with {n} in it: there are 4 at each place",
        "name: opac",
    ),
    Fault(
        "hosts",
        "name: rt-{place}",
        "name: rt-{plaza}",
        "per_place.0.name",
        "'rt-{plaza}'",
        r"text of the form ^[a-z](-?([a-z]+|\{place\}|\{n\}))*$",
        "name: rt-",
    ),
    Fault(
        "hosts",
        "number: 11\n    kind: terminal\n    places: [main]\n    count: 4",
        "number: 60\n    kind: terminal\n    places: [main]\n    count: 4",
        "per_place.1.number",
        "60",
        "numbers up to 62: the last would be 63",
        "number: 60",
    ),
    Fault("hosts", "twin: [gw1, app1", "twin: [gw1, app9", "twin.1", "'app9'", "the name of a host", "twin: ["),
    Fault(
        "services",
        "hosts: [db1]",
        "hosts: [db9]",
        "services.7.hosts.0",
        "'db9'",
        "the name of a host of hosts.yml, kind:<kind> or every",
        "hosts: [db9]",
    ),
    Fault(
        "services",
        LIBRARY,
        LIBRARY.replace("guest", "guests"),
        "services.6.from.2",
        "'guests'",
        "a zone of networks.yml",
        "guests",
    ),
    Fault(
        "services",
        "from: [app, ops, backup]\n    names: [db]",
        "from: []\n    names: [db]",
        "services.7.from",
        "[]",
        "at least one zone: nobody may reach this service",
        "from: []",
    ),
    Fault(
        "services",
        "    from: [app, ops, backup]\n",
        "",
        "services.7.from",
        "missing",
        "a value here: the key is required",
        "id: database",
    ),
    Fault(
        "services",
        "    runbook: database\n",
        "",
        "services.7.runbook",
        "missing",
        "a value here: the key is required",
        "id: database",
    ),
    Fault(
        "services",
        "    probe: wireguard\n",
        "",
        "services.5.probe",
        "missing",
        "a value here: the key is required",
        "id: vpn",
    ),
    Fault(
        "services",
        "    names: [db]\n",
        "",
        "services.7.names",
        "missing",
        "a name for the certificate: tls is true",
        "id: database",
    ),
    Fault(
        "services",
        "names: [db]",
        "names: [ups]",
        "services.13.names.0",
        "'ups'",
        "a DNS name of its own (line N has it already)",
        "names: [ups]\n    probe",
    ),
    Fault(
        "services",
        "names: [db]",
        "names: [db1]",
        "services.7.names.0",
        "'db1'",
        "a DNS name that is not a host's",
        "names: [db1]",
    ),
    Fault(
        "services",
        "listen: [tcp/9093]",
        "listen: [tcp/9090]",
        "services.10.listen.0",
        "'tcp/9090'",
        "a port of its own on mon1 (prometheus has tcp/9090)",
        'listen: [tcp/9090]\n    from: [ops, "host:gw1"]',
    ),
    Fault(
        "services",
        "    shares: ssh\n",
        "",
        "services.12.listen.0",
        "'tcp/22'",
        "a port of its own on bak1 (ssh has tcp/22)",
        "listen: [tcp/22]\n    from: [dmz",
    ),
    Fault(
        "services",
        "port: 9187",
        "port: 9100",
        "services.11.listen.0",
        "'tcp/9100'",
        "a port of its own on db1 (database has tcp/9100)",
        "listen: [tcp/9100]",
    ),
    Fault(
        "services",
        "restrict: {staff: [staff, ops]}",
        "restrict: {staff: [staff, dmz]}",
        "services.6.restrict.staff.1",
        "'dmz'",
        "a zone that stands in this row's `from`",
        "restrict:",
    ),
    Fault(
        "services",
        "    public: true\n",
        "",
        "services.6.from",
        "['staff', 'kiosk', 'guest', 'ops', 'wan']",
        "public: true for what wan may reach behind the hub",
        LIBRARY,
    ),
    Fault(
        "services",
        "from: [dmz, app, data, ops, edge]",
        "from: [dmz, app, data, ops]",
        "services.12.from",
        "['dmz', 'app', 'data', 'ops']",
        "zone edge: rt-nagano has backup class configuration",
        "from: [dmz, app, data, ops]\n    shares",
    ),
    Fault(
        "services",
        "listen: [tcp/5432]",
        "listen: [tcp/95432]",
        "services.7.listen.0",
        "'tcp/95432'",
        "a port between 1 and 65535",
        "tcp/95432",
    ),
    Fault(
        "power",
        "read_by: gw1",
        "read_by: gw9",
        "units.0.read_by",
        "'gw9'",
        "the name of a data-centre host",
        "read_by: gw9",
    ),
    Fault(
        "power",
        "    replacement_planned: 2029-11-01\n",
        "",
        "units.0.replacement_planned",
        "missing",
        "a date before 2029-12-01: the battery ends before the contract (2030-12-14)",
        "id: ups-a",
    ),
    Fault(
        "power",
        "replacement_planned: 2029-11-01",
        "replacement_planned: 2030-11-01",
        "units.0.replacement_planned",
        "datetime.date(2030, 11, 1)",
        "a date between 2025-12-01 and 2029-12-01",
        "replacement_planned: 2030",
    ),
    Fault(
        "power",
        "battery_installed: 2025-12-01\n    battery_life_months: 48\n    replacement_planned: 2029-11-01",
        "battery_installed: 2025-12-01\n    battery_life_months: 60",
        "units.0.replacement_planned",
        "missing",
        "a date before 2030-12-01: the battery ends before the contract (2030-12-14)",
        "id: ups-a",
    ),
    Fault(
        "power",
        "battery_life_months: 48\n    replacement_planned: 2029-11-01",
        "battery_life_months: 72",
        "units.0.replacement_planned",
        "missing",
        "a date: each battery is replaced once at least within the contract (to 2030-12-14)",
        "id: ups-a",
    ),
    Fault(
        "power",
        "replacement_planned: 2029-11-01",
        "replacement_planned: 2029-11-01\n    replacements: [{on: 2025-11-01, by: 保守会社}]",
        "units.0.replacements",
        "[{'on': datetime.date(2025, 11, 1), 'by': '保守会社'}]",
        "dates one after the other, the last of them battery_installed (2025-12-01)",
        "replacements:",
    ),
    Fault(
        "hosts",
        'wake: {by: wol, mac: "02:4b:75:72:61:01"}',
        "wake: {by: wol}",
        "hosts.1.power.wake.mac",
        "missing",
        "an address of the network card for wol alone",
        "wake: {by: wol}",
    ),
    Fault(
        "hosts",
        'ports: {app: "02:4b:75:72:61:01", manage: "02:4b:75:72:62:01"}',
        'ports: {app: "02:4b:75:72:61:01"}',
        "hosts.1.ports",
        "'app'",
        "an address for each of its interfaces: app, manage",
        'ports: {app: "02:4b:75:72:61:01"}',
    ),
    Fault(
        "hosts",
        'ports: {data: "02:4b:75:72:61:02", manage: "02:4b:75:72:62:02"}',
        'ports: {data: "02:4b:75:72:61:02", manage: "02:4b:75:72:61:02"}',
        "hosts.2.ports.manage",
        "'02:4b:75:72:61:02'",
        "an address of a card of its own (line N has it already)",
        'manage: "02:4b:75:72:61:02"}',
    ),
    Fault(
        "hosts",
        'ports: {app: "02:4b:75:72:61:01"',
        'ports: {app: "02:4b:75:72:61:09"',
        "hosts.1.power.wake.mac",
        "'02:4b:75:72:61:01'",
        "the card of its interface app (02:4b:75:72:61:09)",
        'wake: {by: wol, mac: "02:4b:75:72:61:01"}',
    ),
    Fault("power", "  - [db1]\n", "", "stop_order", "'without db1'", "every host that a UPS feeds", "stop_order:"),
    Fault(
        "power",
        "  - [mon1]\n",
        "  - [mon1, app1]\n",
        "stop_order.2.1",
        "'app1'",
        "a place in the order of its own (line N has it already)",
        "[mon1, app1]",
    ),
    Fault(
        "power",
        "  - [bak1]\n  - [gw1]\n",
        "  - [gw1]\n  - [bak1]\n",
        "stop_order.3.0",
        "'gw1'",
        "a host that reads no UPS: its reader stops in the last step",
        "- [gw1]",
    ),
    Fault(
        "backup",
        "repository: bak1",
        "repository: bak9",
        "repository",
        "'bak9'",
        "the name of a data-centre host",
        "repository:",
    ),
    Fault(
        "backup",
        "    reason: 保管先、または再構築で戻る端末\n",
        "",
        "classes.4.reason",
        "missing",
        "paths, databases, or the reason why nothing is kept",
        "id: none",
    ),
    Fault("contract", "logs_years: 6", "logs_years: 5", "retention.logs_years", "5", "at least 6", "logs_years"),
    Fault(
        "contract",
        "service_until: 2030-12-14",
        "service_until: 2025-12-14",
        "service_until",
        "datetime.date(2025, 12, 14)",
        "a date after service_from (2025-12-15)",
        "service_until",
    ),
    Fault(
        "contract",
        "signed: 2025-08-01",
        "signed: 2025-02-30",
        "signed",
        "'2025-02-30'",
        "a value that exists",
        "signed:",
    ),
    Fault(
        "contacts",
        "mail: tosho@city.example",
        "mail: tosho",
        "roles.2.mail",
        "'tosho'",
        "a mail address",
        "mail: tosho",
    ),
    Fault("certificates", "years: 10", "years: 5", "authority.years", "5", "at least 6", "authority:"),
]


def broken(folder: Path, fault: Fault) -> tuple[Path, str]:
    """A copy of Nagano with one fault in it, and the changed file's text."""
    copy = folder / "nagano"
    shutil.copytree(HERE / "nagano", copy)
    path = copy / f"{fault.file}.yml"
    text = path.read_text(encoding="utf-8")
    assert fault.old in text
    changed = text.replace(fault.old, fault.new, 1)
    path.write_text(changed, encoding="utf-8")
    return copy, changed


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.file}: {fault.key}: {fault.expected[:40]}")
def test_a_fault_is_told_at_its_line(fault: Fault, tmp_path: Path) -> None:
    copy, text = broken(tmp_path, fault)
    with pytest.raises(InventoryError) as caught:
        load(copy)
    line = text[: text.index(fault.at)].count("\n") + 1
    # The other line a message points to moves with every edit of the inventory; its own line is exact.
    said = re.sub(r"\(line \d+ has", "(line N has", str(caught.value).replace(f"{copy}/", ""))
    assert f"{fault.file}.yml:{line}: {fault.key} = {fault.value}: expected {fault.expected}" in said.splitlines()


def test_every_fault_of_a_file_is_told_at_once(tmp_path: Path) -> None:
    copy = tmp_path / "nagano"
    shutil.copytree(HERE / "nagano", copy)
    path = copy / "contract.yml"
    path.write_text(path.read_text(encoding="utf-8").replace("_years: 6", "_years: 3"), encoding="utf-8")
    with pytest.raises(InventoryError) as caught:
        load(copy)
    assert [problem.key for problem in caught.value.problems] == [
        f"retention.{kind}_years" for kind in ("logs", "audit", "metrics", "reports")
    ]


def test_a_folder_without_files_says_which_are_missing(tmp_path: Path) -> None:
    with pytest.raises(InventoryError) as caught:
        load(tmp_path)
    assert {Path(problem.file).name for problem in caught.value.problems} >= {"hosts.yml", "services.yml"}


def test_an_unknown_inventory_says_which_there_are() -> None:
    with pytest.raises(InventoryError, match="one of nagano, small"):
        load("matsumoto")
