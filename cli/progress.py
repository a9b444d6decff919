"""Telling the engineer what happens: a moving line on a terminal, plain lines elsewhere, and seconds per step."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Progress:
    """Steps with their seconds. Call it with a sentence to say what is going on inside the step."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.on_terminal = sys.stderr.isatty()
        self._began = time.monotonic()

    def __call__(self, sentence: str) -> None:
        """Say what is going on now."""
        if self.on_terminal:
            print(f"\r\033[K   … {sentence[:110]}", end="", file=sys.stderr, flush=True)
        else:
            print(f"   {sentence}", file=sys.stderr, flush=True)

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """One step: its title, and how long it took."""
        print(f"{self._clear()}── {title}", file=sys.stderr, flush=True)
        began = time.monotonic()
        yield
        self.seconds[title] = round(time.monotonic() - began, 1)
        print(f"{self._clear()}   done in {self.seconds[title]:.1f} s", file=sys.stderr, flush=True)

    @property
    def total(self) -> float:
        """Seconds since this progress began."""
        return round(time.monotonic() - self._began, 1)

    def _clear(self) -> str:
        return "\r\033[K" if self.on_terminal else ""
