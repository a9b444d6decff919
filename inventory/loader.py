"""Loading an inventory folder: shape first (schema.py), then what crosses files (checks.py)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from inventory import schema
from inventory.errors import InventoryError, Problem
from inventory.model import Inventory
from inventory.reading import Document

HERE = Path(__file__).parent


def available() -> list[str]:
    """Names of the inventories that stand beside the model."""
    return sorted(path.parent.name for path in HERE.glob("*/organisation.yml"))


def load(where: str | Path) -> Inventory:
    """Load and check one inventory, by the name of its folder here or by path.

    Raises InventoryError with every problem found.
    """
    from inventory import checks

    folder = Path(where)
    if not folder.is_dir():
        folder = HERE / str(where)
    if not folder.is_dir():
        expected = "one of " + ", ".join(available())
        raise InventoryError([Problem(str(where), 1, "(inventory)", "missing", expected)])
    documents: dict[str, Document] = {}
    rows: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, model in schema.FILES.items():
        try:
            documents[name] = Document(folder / f"{name}.yml")
            rows[name] = model.model_validate(documents[name].data)
        except InventoryError as error:
            problems.extend(error.problems)
        except ValidationError as error:
            problems.extend(_explain(documents[name], error))
    if problems:
        raise InventoryError(problems)
    site = Inventory(
        name=folder.name,
        organisation=rows["organisation"],
        places=tuple(rows["places"].places),
        networks=rows["networks"],
        hosts_file=rows["hosts"],
        services_file=rows["services"],
        power=rows["power"],
        backup=rows["backup"],
        certificates=rows["certificates"],
        contacts=rows["contacts"],
        contract=rows["contract"],
    )
    problems = checks.check(site, documents)
    if problems:
        raise InventoryError(problems)
    return site


def _explain(document: Document, error: ValidationError) -> list[Problem]:
    """Pydantic's findings, each with the line it is about."""
    found = []
    for item in error.errors():
        at = tuple(item["loc"])
        if item["type"] == "missing":
            found.append(document.problem(at, "a value here: the key is required"))
        elif item["type"] == "extra_forbidden":
            found.append(document.problem(at, "no such key"))
        else:
            message = item["msg"].removeprefix("Input should be ").removeprefix("Value error, ")
            found.append(document.problem(at, message))
    return found
