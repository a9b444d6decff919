"""`./kura lock`: renew requirements.lock from requirements.in."""

from __future__ import annotations

import argparse
import subprocess

from cli.context import Context


def arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument("--upgrade", action="store_true", help="take newer versions of everything")


def main(context: Context) -> int:
    """One lock for every Python, with hashes and without the address of any index."""
    argv = [
        "uv", "pip", "compile", "--quiet", "--universal", "--generate-hashes", "--python-version", "3.11",
        "--no-emit-index-url", "--no-emit-find-links", "--custom-compile-command", "./kura lock",
        "requirements.in", "-o", "requirements.lock",
    ]  # fmt: skip
    return subprocess.call(argv + (["--upgrade"] if context.arguments.upgrade else []), cwd=context.root)
