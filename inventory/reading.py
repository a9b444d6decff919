"""Reading YAML so that every value still knows the line it came from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from inventory.errors import InventoryError, Problem

Location = tuple[str | int, ...]


class Document:
    """One YAML file: its data, and the line of every key in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines: dict[Location, int] = {}
        try:
            node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
        except FileNotFoundError:
            raise InventoryError(
                [Problem(str(path), 1, "(file)", "missing", "this file to exist")]
            ) from None
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise InventoryError(
                [Problem(str(path), line, "(syntax)", str(error.problem), "valid YAML")]
            ) from None
        self.data: Any = self._read(node, ()) if node is not None else {}

    def _read(self, node: yaml.Node, at: Location) -> Any:
        self.lines.setdefault(at, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            result: dict[str, Any] = {}
            for key_node, value_node in node.value:
                key = key_node.value
                if key in result:
                    raise InventoryError(
                        [
                            Problem(
                                str(self.path), key_node.start_mark.line + 1, key, "given twice", "one value"
                            )
                        ]
                    )
                self.lines[(*at, key)] = key_node.start_mark.line + 1
                result[key] = self._read(value_node, (*at, key))
            return result
        if isinstance(node, yaml.SequenceNode):
            return [self._read(child, (*at, index)) for index, child in enumerate(node.value)]
        return yaml.SafeLoader("").construct_object(node)

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
        return Problem(str(self.path), self.line(at), key, repr(shown) if shown is not None else "missing", expected)
