"""What the inventory files mean: hosts with their addresses, services with their hosts.

Everything here is derived by formula from the loaded rows and is immutable; nothing does I/O.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network

from inventory import schema


@dataclass(frozen=True)
class Listen:
    """One port of a service."""

    protocol: str
    port: int

    def __str__(self) -> str:
        return f"{self.protocol}/{self.port}"


@dataclass(frozen=True)
class Host:
    """One host of the appliance, with the addresses that its zone, place and number give it."""

    name: str
    zone: str
    number: int
    kind: str
    purpose: str
    owner: str
    backup: str
    power: schema.Power
    address: IPv4Address
    management: IPv4Address
    place: schema.Place | None = None
    hardware: schema.Hardware | None = None
    disks: tuple[schema.Disk, ...] = ()
    ports: tuple[tuple[str, str], ...] = ()  # interface, address of its network card

    @property
    def at_site(self) -> bool:
        """True for a host in a library, False in the data centre."""
        return self.place is not None


@dataclass(frozen=True)
class Service:
    """One service: the hosts that offer it, its ports, and who may reach it."""

    row: schema.ServiceRow
    hosts: tuple[Host, ...]

    @property
    def id(self) -> str:
        return self.row.id

    @property
    def listen(self) -> tuple[Listen, ...]:
        return tuple(Listen(text.split("/")[0], int(text.split("/")[1])) for text in self.row.listen)

    @property
    def sources(self) -> tuple[str, ...]:
        """Zone ids (or `host:<name>`) that may open a connection."""
        return tuple(self.row.from_)


@dataclass(frozen=True)
class Inventory:
    """One site's inventory, loaded and checked. `name` is its folder."""

    name: str
    organisation: schema.Organisation
    places: tuple[schema.Place, ...]
    networks: schema.Networks
    hosts_file: schema.Hosts
    services_file: schema.Services
    power: schema.PowerPlan
    backup: schema.BackupPlan
    certificates: schema.Certificates
    contacts: schema.Contacts
    contract: schema.Contract

    @cached_property
    def zones(self) -> dict[str, schema.Zone]:
        return {zone.id: zone for zone in self.networks.zones}

    @cached_property
    def hosts(self) -> tuple[Host, ...]:
        """Every host: the named ones, then those made once per place, in place order."""
        named = [
            Host(
                name=row.name,
                zone=row.zone,
                number=row.number,
                kind=row.kind,
                purpose=row.purpose,
                owner=row.owner,
                backup=row.backup,
                power=row.power,
                address=self.address(row.zone, row.number),
                management=self.management_address(row.zone, row.number),
                hardware=row.hardware,
                disks=tuple(row.disks),
                ports=tuple(row.ports.items()),
            )
            for row in self.hosts_file.hosts
        ]
        made = [
            host
            for place in self.places
            for row in self.hosts_file.per_place
            if place.kind in row.places
            for host in self._at_place(row, place)
        ]
        return tuple(named + made)

    def _at_place(self, row: schema.PerPlaceRow, place: schema.Place) -> list[Host]:
        return [
            Host(
                name=row.name.format(place=place.id, n=index + 1),
                zone=row.zone,
                number=row.number + index,
                kind=row.kind,
                purpose=f"{place.name} {row.purpose}",
                owner=row.owner,
                backup=row.backup,
                power=row.power,
                address=self.address(row.zone, row.number + index, place),
                management=self.management_address(row.zone, row.number + index, place),
                place=place,
            )
            for index in range(row.count)
        ]

    def host(self, name: str) -> Host:
        """The host of that name; KeyError when there is none."""
        return self._by_name[name]

    @cached_property
    def _by_name(self) -> dict[str, Host]:
        return {host.name: host for host in self.hosts}

    def zone_network(self, zone: str, place: schema.Place | None = None) -> IPv4Network:
        """The network of a zone: a /24 in the data centre, a /26 of the place's /24 at a site."""
        row = self.zones[zone]
        if row.place == "datacentre":
            return IPv4Network((int(self.networks.datacentre[0]) + (row.number or 0) * 256, 24))
        if row.place == "site":
            if place is None:
                return self.networks.sites
            return IPv4Network((int(self.networks.sites[0]) + place.number * 256 + (row.offset or 0), 26))
        if row.place == "management":
            return self.networks.management
        return self.networks.provider

    def place_network(self, place: schema.Place) -> IPv4Network:
        """The /24 of a place, which holds all its zones."""
        return IPv4Network((int(self.networks.sites[0]) + place.number * 256, 24))

    def address(self, zone: str, number: int, place: schema.Place | None = None) -> IPv4Address:
        """The address of host `number` in a zone (networks.yml has the formula)."""
        return self.zone_network(zone, place)[number]

    def management_address(self, zone: str, number: int, place: schema.Place | None = None) -> IPv4Address:
        """The address of a host on the management network."""
        row = self.zones[zone]
        third = 100 + place.number if place else (row.number or 0)
        return self.networks.management[third * 256 + (row.offset or 0) + number]

    def gateway(self, host: Host) -> IPv4Address:
        """The router's address in the host's own zone: always number 1."""
        return self.zone_network(host.zone, host.place)[1]

    def tunnel_address(self, place: schema.Place | None = None) -> IPv4Address:
        """The WireGuard address of a place's router; without a place, the hub's."""
        return self.networks.tunnels[place.number * 256 + 1 if place else 1]

    def provider_address(self, host: Host) -> IPv4Address:
        """The address a router has on the communication provider's side."""
        return self.networks.provider[host.place.number * 256 + 1 if host.place else host.number]

    @cached_property
    def hub(self) -> Host:
        """The router of the data centre."""
        return next(host for host in self.hosts if host.kind == "router" and not host.at_site)

    def legs(self, host: Host) -> dict[str, tuple[IPv4Address, IPv4Network]]:
        """Interface name → address and network, for every wire of a host.

        An interface is named after the zone it stands in. A router has a leg in each zone it joins and
        `wan` towards the provider; every host has `manage`.
        """
        legs: dict[str, tuple[IPv4Address, IPv4Network]] = {}
        if host.kind == "router":
            side = "site" if host.at_site else "datacentre"
            for zone in self.networks.zones:
                if zone.place == side:
                    network = self.zone_network(zone.id, host.place)
                    legs[zone.id] = (network[1], network)
            legs["wan"] = (self.provider_address(host), self.networks.provider)
        else:
            legs[host.zone] = (host.address, self.zone_network(host.zone, host.place))
        legs["manage"] = (host.management, self.networks.management)
        return legs

    @cached_property
    def services(self) -> tuple[Service, ...]:
        return tuple(
            Service(row, tuple(host for host in self.hosts if self.offers(row, host)))
            for row in self.services_file.services
        )

    def service(self, service_id: str) -> Service:
        """The service of that id; KeyError when there is none."""
        for service in self.services:
            if service.id == service_id:
                return service
        raise KeyError(service_id)

    @staticmethod
    def offers(row: schema.ServiceRow, host: Host) -> bool:
        """Whether a host offers a service: named, `every`, or `kind:<kind>` with `@site` / `@datacentre`."""
        for selector in row.hosts:
            kind, _, where = selector.removeprefix("kind:").partition("@")
            if selector == "every" and host.kind != "workstation":
                return True
            if selector == host.name:
                return True
            side = "site" if host.at_site else "datacentre"
            if selector.startswith("kind:") and host.kind == kind and where in ("", side):
                return True
        return False

    def services_of(self, host: Host) -> tuple[Service, ...]:
        """The services a host offers, in file order."""
        return tuple(service for service in self.services if host in service.hosts)

    def in_custody(self, host: Host) -> bool:
        """Whether root of a host belongs to the custodian of the backups, and not to production's administrator.

        True for the keeper of the backups where it is a machine of its own (S-BKP-005); a town's one server is not.
        """
        production = (*self.service("library").hosts, *self.service("database").hosts)
        return host.name == self.backup.repository and host not in production

    def fqdn(self, name: str) -> str:
        """A name under the organisation's domain."""
        return f"{name}.{self.organisation.domain}"

    @cached_property
    def twin(self) -> tuple[Host, ...]:
        """The hosts `./kura up` starts when none is named."""
        return tuple(self.host(name) for name in self.hosts_file.twin)
