"""Ansible reads Kura's inventory model: hosts, groups and the few variables every play needs."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from inventory import Host, Inventory, InventoryError, load

DOCUMENTATION = """
name: kura
short_description: Kura's inventory model
description:
  - Loads the folder of an inventory (C(inventory/nagano)) through the typed model and offers its hosts in groups
    by zone, kind, place, service, backup class and power.
options:
  plugin:
    description: Name of the plugin.
    choices: [kura]
"""


class InventoryModule(BaseInventoryPlugin):
    """Hosts and groups of one inventory folder; `-i inventory/nagano` or its organisation.yml."""

    NAME = "kura"

    def verify_file(self, path: str) -> bool:
        """Only the file that every inventory folder has stands for the folder."""
        return Path(path).name == "organisation.yml"

    def parse(self, inventory, loader, path, cache=True):
        """Fill Ansible's inventory; a broken one stops the run with every problem named."""
        super().parse(inventory, loader, path, cache)
        folder = Path(path).parent
        try:
            site = load(folder)
        except InventoryError as error:
            raise AnsibleParserError(str(error)) from error
        for group in sorted({name for host in site.hosts for name in groups(site, host)}):
            inventory.add_group(group)
        for host in site.hosts:
            inventory.add_host(host.name)
            for group in groups(site, host):
                inventory.add_child(group, host.name)
            for key, value in variables(site, host).items():
                inventory.set_variable(host.name, key, value)
        state = os.environ.get("KURA_STATE", f"/var/lib/kura/{site.name}")
        inventory.set_variable("all", "kura_inventory", str(folder))
        inventory.set_variable("all", "kura_state", state)
        # Options of the `password` lookup: letters that need no quoting in any file.
        inventory.set_variable("all", "kura_letters", "chars=ascii_letters,digits")


def groups(site: Inventory, host: Host) -> list[str]:
    """Names of the groups a host is in."""
    names = [f"zone_{host.zone}", f"kind_{host.kind}", "at_site" if host.at_site else "datacentre"]
    names += [f"svc_{service.id.replace('-', '_')}" for service in site.services_of(host)]
    names.append(f"backup_{host.backup}")
    if host.power.supplies:
        names.append("ups_fed")
    return names


def variables(site: Inventory, host: Host) -> dict[str, object]:
    """The variables of one host."""
    return {
        "ansible_host": str(host.management),
        "ansible_user": "root",
        "kura_host": {
            "name": host.name,
            "zone": host.zone,
            "kind": host.kind,
            "address": str(host.address),
            "management": str(host.management),
            "place": host.place.id if host.place else None,
            "gateway": str(site.gateway(host)),
            "fqdn": site.fqdn(host.name),
            "purpose": host.purpose,
            "owner": host.owner,
            "backup": host.backup,
        },
    }
