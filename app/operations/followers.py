"""Areas above this one that want to know: of every alert that is kept for the first time."""

from __future__ import annotations

from collections.abc import Callable

from app.operations.models import AlertEvent

Follower = Callable[[AlertEvent], object]
_of_alerts: list[Follower] = []


def follow_alerts(follower: Follower) -> None:
    """Call `follower` with each new alert, in the transaction that keeps it."""
    if follower not in _of_alerts:
        _of_alerts.append(follower)


def tell(alert: AlertEvent) -> None:
    """Tell everybody who follows."""
    for follower in _of_alerts:
        follower(alert)
