"""Reading YAML so that every value still knows the line it came from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from inventory.errors import InventoryError, Problem

Location = tuple[str | int, ...]
SHOWN = 80
# The same language either way; libyaml reads it ten times as fast.
LOADER: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
TAGS = {f"tag:yaml.org,2002:{name}" for name in ("map", "seq", "str", "int", "float", "bool", "null", "timestamp")}


class Document:
    """One YAML file: its data, and the line of every key in it.

    Raises InventoryError for a file that is missing, unreadable, no YAML, or YAML with what an inventory has no
    use for (aliases, tags, keys that are no plain text, a key given twice).
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines: dict[Location, int] = {}
        self._seen: set[int] = set()
        try:
            node = self._compose()
            self.data: Any = self._read(node, ()) if node is not None else {}
        except RecursionError:
            raise self._error(1, "(syntax)", "nested too deep", "an inventory file") from None

    def _compose(self) -> yaml.Node | None:
        try:
            text = self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise self._error(1, "(file)", "missing", "this file to exist") from None
        except UnicodeDecodeError as error:
            raise self._error(1, "(file)", f"byte {error.start}", "UTF-8 text") from None
        except OSError as error:
            raise self._error(1, "(file)", str(error.strerror), "a file that can be read") from None
        try:
            return yaml.compose(text, Loader=LOADER)
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise self._error(line, "(syntax)", str(error.problem), "valid YAML") from None
        except yaml.YAMLError as error:
            raise self._error(1, "(syntax)", str(error).partition("\n")[0], "valid YAML") from None

    def _error(self, line: int, key: str, value: str, expected: str) -> InventoryError:
        return InventoryError([Problem(str(self.path), line, key, value, expected)])

    def _read(self, node: yaml.Node, at: Location) -> Any:
        here = node.start_mark.line + 1
        where = ".".join(map(str, at)) or "(file)"
        self.lines.setdefault(at, here)
        if node.tag not in TAGS:
            raise self._error(here, where, node.tag, "plain YAML without tags")
        if id(node) in self._seen:
            raise self._error(here, where, "an alias", "plain YAML without aliases")
        self._seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            result: dict[str, Any] = {}
            for key_node, value_node in node.value:
                line = key_node.start_mark.line + 1
                if not isinstance(key_node, yaml.ScalarNode):
                    raise self._error(line, where, "a list or mapping", "a plain key")
                key = key_node.value
                if key in result:
                    raise self._error(line, key, "given twice", "one value")
                self.lines[(*at, key)] = line
                result[key] = self._read(value_node, (*at, key))
            return result
        if isinstance(node, yaml.SequenceNode):
            return [self._read(child, (*at, index)) for index, child in enumerate(node.value)]
        try:
            return yaml.SafeLoader("").construct_object(node)
        except (yaml.YAMLError, ValueError):
            raise self._error(here, where, repr(node.value), "a value that exists") from None

    def line(self, at: Location) -> int:
        """The line of the deepest key of `at` that the file really has."""
        while at and at not in self.lines:
            at = at[:-1]
        return self.lines.get(at, 1)

    def value(self, at: Location) -> Any:
        """The value at `at`, or None where the file has none."""
        data = self.data
        for step in at:
            try:
                data = data[step]
            except (KeyError, IndexError, TypeError):
                return None
        return data

    def problem(self, at: Location, expected: str, value: Any = None) -> Problem:
        """A problem at a key of this file, worded for the person who must mend it."""
        shown = self.value(at) if value is None else value
        key = ".".join(str(step) for step in at) or "(file)"
        text = repr(shown) if shown is not None else "missing"
        if len(text) > SHOWN:
            text = text[: SHOWN - 1] + "…"
        return Problem(str(self.path), self.line(at), key, text, expected)
