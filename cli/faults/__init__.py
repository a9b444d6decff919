"""Faults of the twin under a lending load: `./kura drill faults`.

`case.py` says what a case is; `kills`, `cuts`, `disks`, `clocks`, `power`, `stores` and `beside` are the cases;
`drill.py` runs them one after another, each ending in a reconciliation of the outside ledger (`cli/ledger.py`).
"""
