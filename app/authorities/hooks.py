"""Who wants to know that names have changed: the catalogue, which stands above this area and indexes them."""

from collections.abc import Callable, Iterable

_followers: list[Callable[[list[str]], object]] = []


def follow(changed: Callable[[list[str]], object]) -> None:
    """Call `changed` with every name whose forms are other than before, in the transaction that changed them."""
    if changed not in _followers:
        _followers.append(changed)


def tell(names: Iterable[str]) -> None:
    """Part of `authorities.actions`."""
    known = sorted({name for name in names if name})
    for changed in _followers if known else ():
        changed(known)
