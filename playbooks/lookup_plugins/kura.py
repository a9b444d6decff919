"""Derived text for a role: `lookup('kura', 'network.firewall:ruleset')` calls that function of a room.

The function gets the inventory and the play's host (None on the controller itself); keyword arguments are passed on.
This is how playbooks tie rooms to roles: roles know no room, rooms know no Ansible.
"""

from __future__ import annotations

import importlib
import sys
from functools import lru_cache
from pathlib import Path

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from inventory import Inventory, load

DOCUMENTATION = """
name: kura
short_description: Calls a room's function for the current host
description: Calls C(module:function) with the loaded inventory and the current host.
options:
  _terms:
    description: One C(module:function).
    required: true
"""


@lru_cache(maxsize=4)
def _site(folder: str) -> Inventory:
    return load(folder)


class LookupModule(LookupBase):
    """Returns the function's result unchanged: text, list or dictionary."""

    def run(self, terms, variables=None, **kwargs):
        """Call the named function for the play's current host."""
        variables = variables or {}
        site = _site(str(variables["kura_inventory"]))
        name = str(variables["inventory_hostname"])
        host = None if name == "localhost" else site.host(name)
        results = []
        for term in terms:
            module_name, _, function_name = str(term).partition(":")
            try:
                function = getattr(importlib.import_module(module_name), function_name)
            except (ImportError, AttributeError) as error:
                raise AnsibleLookupError(f"no such derivation: {term} ({error})") from error
            results.append(function(site, host, **kwargs))
        return results
