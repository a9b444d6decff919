"""What may call what, read from the syntax tree: only actions write, rules are pure, rooms stay apart."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

APP = Path(__file__).resolve().parents[1]
OTHER_ROOMS = {"network", "ups", "backup", "monitoring", "lab", "cli", "roles", "playbooks"}
WRITES = {"save", "create", "bulk_create", "bulk_update", "get_or_create", "update_or_create", "create_user", "delete"}
# Files besides actions.py that write, each for a reason.
WRITERS = {
    "access/models.py": "the manager that creates members of staff for actions and tests",
    "catalog/search/indexing.py": "keeps the search index, which is derived from records and nothing else",
    "catalog/search/building.py": "the same, for all records at once",
    "catalog/search/availability.py": "the same, for what can be borrowed",
}
# Bulk loaders: whole folders whose purpose is to fill an empty library.
LOADERS = ("demo/",)
# Not database writes, whatever their names say.
HARMLESS_OWNERS = {"request.session", "response", "cache", "archive", "book"}
PURE_FORBIDDEN = ("django", "app.access.actions", "app.audit.actions")


def sources() -> list[Path]:
    """Every module of the application that is not a test or a migration."""
    return [
        path
        for path in sorted(APP.rglob("*.py"))
        if "tests" not in path.parts and "migrations" not in path.parts and "static" not in path.parts
    ]


def name_of(path: Path) -> str:
    return path.relative_to(APP).as_posix()


def writes_in(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Calls that change the database: `.save(` and its kind, and `.update(` on a queryset."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        owner = ast.unparse(node.func.value)
        if node.func.attr in WRITES and owner not in HARMLESS_OWNERS:
            yield node.lineno, f"{owner}.{node.func.attr}()"
        elif node.func.attr == "update" and (".objects" in owner or ".filter(" in owner or ".all()" in owner):
            yield node.lineno, f"{owner}.update()"
        elif (
            node.func.attr == "execute"
            and node.args
            and _text(node.args[0])
            .lstrip()
            .upper()
            .startswith(("INSERT", "UPDATE", "DELETE", "COPY", "TRUNCATE", "MERGE", "WITH"))
        ):
            yield node.lineno, f"{owner}.execute({_text(node.args[0])[:30]!r})"


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) if isinstance(part, ast.Constant) else "?" for part in node.values)
    return ""


def imports_of(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.lineno, node.module
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def parsed(path: Path) -> ast.AST:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


@pytest.mark.parametrize("path", sources(), ids=name_of)
def test_only_actions_write(path):
    name = name_of(path)
    if path.name == "actions.py" or "actions" in path.parts or name in WRITERS or name.startswith(LOADERS):
        return
    found = [f"{name}:{line} {what}" for line, what in writes_in(parsed(path))]
    assert not found, "writes outside actions.py: " + "; ".join(found)


@pytest.mark.parametrize("path", sources(), ids=name_of)
def test_the_application_imports_the_inventory_and_no_other_room(path):
    found = [f"{line}: {module}" for line, module in imports_of(parsed(path)) if module.split(".")[0] in OTHER_ROOMS]
    assert not found


@pytest.mark.parametrize("path", [path for path in sources() if path.name == "rules.py"], ids=name_of)
def test_rules_are_pure(path):
    tree = parsed(path)
    found = [f"{line}: {module}" for line, module in imports_of(tree) if module.startswith(PURE_FORBIDDEN)]
    clocks = [
        f"{node.lineno}: {ast.unparse(node)}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("now", "today")
    ]
    assert not found + clocks


@pytest.mark.parametrize("path", [path for path in sources() if path.name in ("actions.py", "queries.py")], ids=name_of)
def test_actions_and_queries_know_nothing_of_the_web(path):
    forbidden = ("django.http", "django.shortcuts", "app.access.web", "app.patrons.web")
    found = [
        f"{line}: {module}"
        for line, module in imports_of(parsed(path))
        if module.startswith(forbidden) or module.endswith((".views", ".forms"))
    ]
    assert not found


def test_the_detector_sees_every_kind_of_write():
    text = (
        "Patron.objects.create(name='x')\npatron.save()\nPatron.objects.filter(pk=1).update(name='y')\n"
        "loan.delete()\ncursor.execute('UPDATE patrons_patron SET name = 1')\ncursor.execute(f'DELETE FROM {t}')\n"
    )
    assert [line for line, _ in writes_in(ast.parse(text))] == [1, 2, 3, 4, 5, 6]
    harmless = "context.update(a=1)\nrequest.session.save()\ncursor.execute('SELECT 1')\nhash.update(b'x')\n"
    assert list(writes_in(ast.parse(harmless))) == []
