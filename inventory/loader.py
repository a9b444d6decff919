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

WORDS = {
    "missing": "a value here: the key is required",
    "extra_forbidden": "no such key",
    "greater_than_equal": "at least {ge}",
    "less_than_equal": "at most {le}",
    "greater_than": "more than {gt}",
    "less_than": "less than {lt}",
    "string_pattern_mismatch": "text of the form {pattern}",
    "string_type": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "list_type": "a list",
    "model_type": "keys and values",
    "dict_type": "keys and values",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "literal_error": "one of {expected}",
}


def available() -> list[str]:
    """Names of the inventories that stand beside the model."""
    return sorted(path.parent.name for path in HERE.glob("*/organisation.yml"))


def load(where: str | Path) -> Inventory:
    """Load and check one inventory, by the name of its folder here or by path.

    Raises InventoryError with every problem found.
    """
    from inventory import checks

    folder = Path(where)
    if not (folder / "organisation.yml").is_file() and (HERE / str(where)).is_dir():
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
            problems.extend(explain(documents[name], error))
    if problems:
        raise InventoryError(problems)
    site = Inventory(
        name=folder.resolve().name,
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


def explain(document: Document, error: ValidationError) -> list[Problem]:
    """Pydantic's findings, each with the line it is about."""
    found = []
    for item in error.errors():
        at = tuple(step for step in item["loc"] if step != "[key]")
        context = item.get("ctx", {})
        expected = WORDS.get(item["type"])
        if expected is None:
            message = item["msg"].removeprefix("Input should be ").removeprefix("Value error, ")
            expected = message[0].lower() + message[1:]
        else:
            expected = expected.format(**context)
        found.append(document.problem(at, expected))
    return found
