"""What every verb shares: the inventory that is meant, the twin of it, and how errors end the run."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from cli.progress import Progress
from inventory import Inventory, load
from lab import paths
from lab.twin import Twin


class Refused(Exception):
    """The verb cannot be done; the message says why and what to do. `code` is the exit code."""

    def __init__(self, sentence: str, code: int = 1) -> None:
        super().__init__(sentence)
        self.code = code


@dataclass
class Context:
    """One run of the command line."""

    arguments: argparse.Namespace
    progress: Progress = field(default_factory=Progress)

    @cached_property
    def site(self) -> Inventory:
        """The inventory named by --inventory."""
        return load(self.arguments.inventory)

    @cached_property
    def twin(self) -> Twin:
        """The twin of that inventory."""
        return Twin(self.site)

    @property
    def state(self) -> Path:
        """Where secrets, keys and evidence of this site are."""
        return paths.state(self.site.name)

    @property
    def root(self) -> Path:
        """The project's folder."""
        return paths.root()
