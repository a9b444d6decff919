"""The lab: real Debian 13 hosts on one machine, wired as the inventory says.

image.py makes what hosts are made of, wires.py the network, hosts.py one host, twin.py all of them together,
workshop.py a PostgreSQL 17 and a Python 3.13 for unit tests. (The folder `molecule/` holds only scenarios: a
package of that name would hide the molecule library.)
"""
