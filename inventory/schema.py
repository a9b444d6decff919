"""The shape of the inventory files, one class per row. No derivation here: see model.py."""

from __future__ import annotations

from datetime import date
from ipaddress import IPv4Address, IPv4Network
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$", max_length=40)]
# Texts end up in comments of generated files: a line break in one would be a line of configuration.
Text = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f\u2028\u2029]+$")]
Folder = Annotated[str, StringConstraints(pattern=r"^/[A-Za-z0-9._/-]*$", max_length=200)]
Domain = Annotated[str, StringConstraints(pattern=r"^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$", max_length=200)]
Clock = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Count = Annotated[int, Field(gt=0, le=1_000_000_000)]
Selector = Annotated[str, StringConstraints(pattern=r"^(every|kind:[a-z]+(@(site|datacentre))?|[a-z][a-z0-9-]*)$")]
Source = Annotated[str, StringConstraints(pattern=r"^(host:)?[a-z][a-z0-9-]*$", max_length=60)]


def _written(value: object) -> object:
    """A network is written as text: a number would be taken for an address without anybody noticing."""
    if not isinstance(value, str) or "/" not in value:
        raise ValueError("a network, as 10.80.0.0/16")
    return value


def _address(value: object) -> object:
    """Likewise for a single address."""
    if value is not None and not isinstance(value, str):
        raise ValueError("an address, as 198.18.255.254")
    return value


Network = Annotated[IPv4Network, BeforeValidator(_written)]


class Row(BaseModel):
    """A row of an inventory file: unknown keys are errors, rows never change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Organisation(Row):
    name: Text
    name_en: Text
    name_kana: Text
    city: Text
    isil: Text
    domain: Domain
    timezone: Text
    vendor: Text
    document_prefix: Text


class Place(Row):
    number: Annotated[int, Field(ge=1, le=99)]
    id: Name
    kind: Literal["main", "mobile", "room", "community"]
    name: Text
    kana: Text | None = None
    short: Text


class Places(Row):
    places: list[Place]


class Zone(Row):
    id: Name
    name: Text
    place: Literal["datacentre", "site", "outside", "management"]
    number: Annotated[int, Field(ge=0, le=99)] | None = None
    offset: Annotated[int, Field(ge=0, le=192, multiple_of=64)] | None = None


class Networks(Row):
    supernet: Network
    datacentre: Network
    sites: Network
    tunnels: Network
    management: Network
    provider: Network
    provider_gateway: Annotated[IPv4Address, BeforeValidator(_address)] | None = None
    zones: list[Zone]


Mac = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{2}(:[0-9a-f]{2}){5}$")]


class Wake(Row):
    """How the boot nurse switches a host on that stays off: a magic packet to `mac`, or IPMI at `address`."""

    by: Literal["wol", "ipmi"]
    mac: Mac | None = None
    address: Annotated[IPv4Address, BeforeValidator(_address)] | None = None


class Power(Row):
    supplies: list[Name]
    stop_seconds: Annotated[int, Field(ge=0, le=3600)]
    wake: Wake | None = None


class Hardware(Row):
    model: Text
    cores: Count
    memory_gb: Count
    rack: Text
    unit: Annotated[int, Field(ge=1, le=60)]
    height: Annotated[int, Field(ge=1, le=20)]


class Disk(Row):
    use: Literal["boot", "data"]
    raid: Literal[1, 5, 6, 10]
    count: Annotated[int, Field(ge=2, le=200)]
    size_gb: Count
    mount: Folder | None = None
    # Who joins the disks: the kernel (md), or a RAID controller that is asked by its maker's program.
    controller: Literal["md", "storcli", "perccli", "ssacli"] = "md"
    encrypted: bool = False  # LUKS under the file system, for data disks that leave the building
    # Where the bays are wired (names under /dev/disk/by-path, in the order of the slots); else the enclosure is asked.
    bays: list[Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9:._-]*$", max_length=120)]] = []


Kind = Literal["router", "server", "workstation", "terminal"]


class HostRow(Row):
    name: Name
    zone: Name
    number: Annotated[int, Field(ge=1, le=250)]
    kind: Kind
    purpose: Text
    owner: Name
    backup: Name
    power: Power
    hardware: Hardware | None = None
    disks: list[Disk] = []
    # Which network card is which interface (`manage` and the zones), by the address that stands on the card. A machine
    # is installed by these, and each of its interfaces gets its name from them.
    ports: dict[Name, Mac] = {}


class PerPlaceRow(Row):
    name: Annotated[str, StringConstraints(pattern=r"^[a-z](-?([a-z]+|\{place\}|\{n\}))*$", max_length=40)]
    zone: Name
    number: Annotated[int, Field(ge=1, le=60)]
    kind: Kind
    places: list[Literal["main", "mobile", "room", "community"]]
    count: Annotated[int, Field(ge=1, le=50)] = 1
    purpose: Text
    owner: Name
    backup: Name
    power: Power


class Hosts(Row):
    hosts: list[HostRow]
    per_place: list[PerPlaceRow] = []
    twin: list[Name]


class Metrics(Row):
    port: Annotated[int, Field(ge=1, le=65535)]
    path: Annotated[str, StringConstraints(pattern=r"^/[A-Za-z0-9._/-]*$")] = "/metrics"


class ServiceRow(Row):
    id: Name
    title: Text
    hosts: list[Selector]
    listen: list[Annotated[str, StringConstraints(pattern=r"^(tcp|udp)/[0-9]{1,5}$")]]
    from_: Annotated[list[Source], Field(alias="from")]
    names: list[Name] = []
    restrict: dict[Name, list[Name]] = {}
    public: bool = False
    shares: Name | None = None
    tls: bool = False
    probe: Annotated[str, StringConstraints(pattern=r"^(tcp|dns|ntp|wireguard|relp|https?:/.*)$")]
    metrics: Metrics | None = None
    owner: Name
    runbook: Name


class Services(Row):
    services: list[ServiceRow]


class Replacement(Row):
    """A battery that was replaced: the day, who did it, and the report's number."""

    on: date
    by: Text
    report: Text | None = None


class Unit(Row):
    id: Name
    name: Text
    model: Text
    read_by: Name
    driver: Name
    serial: Text | None = None  # tells two units on the same host's USB apart
    battery_installed: date
    battery_life_months: Annotated[int, Field(ge=12, le=120)]
    runtime_minutes: Annotated[int, Field(ge=1, le=1440)]
    replacement_planned: date | None = None
    replacements: list[Replacement] = []
    rack: Text
    unit: Annotated[int, Field(ge=1, le=60)]
    height: Annotated[int, Field(ge=1, le=20)]


class Weekday(Row):
    """A day of the week and a time."""

    day: Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    at: Clock


class PowerPlan(Row):
    units: list[Unit]
    stop_order: list[list[Name]]
    margin: Annotated[float, Field(ge=1.0, le=5.0)]
    restart_charge_percent: Annotated[int, Field(ge=0, le=100)]
    wake_after_minutes: Annotated[int, Field(ge=1, le=60)]
    battery_test: Weekday


class BackupClass(Row):
    id: Name
    title: Text
    paths: list[Folder] = []
    databases: list[Name] = []
    reason: Text | None = None


class Keep(Row):
    daily: Annotated[int, Field(ge=7, le=1200)]
    weekly: Annotated[int, Field(ge=4, le=1200)]
    monthly: Annotated[int, Field(ge=12, le=1200)]


class Schedule(Row):
    daily: Clock
    monthly_day: Annotated[int, Field(ge=1, le=28)]


class Verify(Row):
    restore_drill: Literal["daily", "weekly", "monthly"]


class PointInTime(Row):
    """Every change of the databases, as it happens: restored to any moment of the last `days`."""

    base: Clock  # when the day's copy of the whole cluster is made
    days: Annotated[int, Field(ge=2, le=400)]


class Isolated(Row):
    """Copies that only the keeper's own clock makes and removes."""

    every_days: Annotated[int, Field(ge=1, le=31)]
    generations: Annotated[int, Field(ge=1, le=60)]


class BackupPlan(Row):
    repository: Name
    path: Folder
    schedule: Schedule
    keep: Keep
    point_in_time: PointInTime
    isolated: Isolated
    verify: Verify
    classes: list[BackupClass]


class Authority(Row):
    common_name: Text
    years: Annotated[int, Field(ge=6, le=30)]


class ServerCertificates(Row):
    days: Annotated[int, Field(ge=30, le=825)]
    renew_before_days: Annotated[int, Field(ge=7, le=90)]


class Certificates(Row):
    authority: Authority
    server: ServerCertificates


class Contact(Row):
    id: Name
    name: Text
    person: Text
    organisation: Text
    mail: Text
    phone: Text


class Contacts(Row):
    roles: list[Contact]


MonthDay = Annotated[str, StringConstraints(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$")]


class Hours(Row):
    """Hours of the weekdays named; on Saturdays, Sundays and national holidays until `until_holidays`, where given."""

    from_: Annotated[Clock, Field(alias="from")]
    until: Clock
    until_holidays: Clock | None = None
    weekdays: list[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]]
    closed: list[MonthDay] = []  # every year, as 12-29


class Retention(Row):
    """Years each kind of record is kept. The customer's document asks for six (3(1)エ)."""

    logs_years: Annotated[int, Field(ge=6, le=100)]
    audit_years: Annotated[int, Field(ge=6, le=100)]
    metrics_years: Annotated[int, Field(ge=6, le=100)]
    reports_years: Annotated[int, Field(ge=6, le=100)]


class Sizing(Row):
    bibliographic_records: Count
    bibliographic_records_in_six_years: Count
    items: Count
    patrons: Count
    loans_per_year: Count
    staff: Count


class Contract(Row):
    signed: date
    build_until: date
    service_from: date
    service_until: date
    support_hours: Hours
    opening_hours: Hours  # the main library's: work that stops something is planned around them
    onsite_minutes: Count
    availability_goal_percent: Annotated[float, Field(gt=90, le=100)]
    report: Literal["quarterly"]
    retention: Retention
    sizing: Sizing


FILES: dict[str, type[Row]] = {
    "organisation": Organisation,
    "places": Places,
    "networks": Networks,
    "hosts": Hosts,
    "services": Services,
    "power": PowerPlan,
    "backup": BackupPlan,
    "certificates": Certificates,
    "contacts": Contacts,
    "contract": Contract,
}
