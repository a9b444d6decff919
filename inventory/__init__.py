"""The inventory model: the one source of truth that every room may import.

>>> from inventory import load
>>> site = load("nagano")
>>> site.host("app1").address
IPv4Address('10.80.10.11')
"""

from inventory.errors import InventoryError, Problem
from inventory.loader import available, load
from inventory.model import Host, Inventory, Listen, Service

__all__ = ["Host", "Inventory", "InventoryError", "Listen", "Problem", "Service", "available", "load"]
