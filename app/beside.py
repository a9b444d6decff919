"""Work in processes of its own beside this one: each sets the application up before it touches any of it.

A new process imports the module of the function that it is given; this one needs nothing of Django.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from multiprocessing import get_context
from typing import Any

_given: tuple[Any, ...] = ()


def each(function: str, many: int, given: tuple[Any, ...], tasks: Iterable[tuple[Any, ...]]) -> Iterator[Any]:
    """The results, in order, of `function` ("module:name") for each task, in so many processes; `given` stands before
    the task's own arguments and is sent to each process once."""
    with ProcessPoolExecutor(many, get_context("spawn"), _start, (given,)) as pool:
        try:
            yield from pool.map(_do, [(function, task) for task in tasks])
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)  # what has not begun never begins
            raise


def _start(given: tuple[Any, ...]) -> None:
    import django

    global _given
    _given = given
    django.setup()


def _do(task: tuple[str, tuple[Any, ...]]) -> Any:
    function, own = task
    module, _, name = function.partition(":")
    return getattr(import_module(module), name)(*_given, *own)
