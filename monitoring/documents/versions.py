"""Locked versions against the newest ones, each difference with its reason (S-SW-008)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from inventory.lifecycle import Register
from monitoring.documents.facts import Version

_LINE = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?\s*([<>=!~][^#;]*)?")


def limits(requirements: str) -> dict[str, str]:
    """Package → what requirements.in demands of its version; only where an upper limit or one version is named."""
    found = {}
    for line in requirements.splitlines():
        match = _LINE.match(line)
        if match and match[2] and ("<" in match[2] or "==" in match[2]):
            found[match[1].lower()] = match[2].strip()
    return found


def compare(
    locked: Sequence[tuple[str, str, Sequence[str]]],
    newest: Mapping[str, str],
    allowed: Mapping[str, str],
    requirements: str,
    lifecycle: Register,
) -> list[Version]:
    """Every locked part (name, version, who asked for it) with the newest version and why it is not that one.

    `newest` holds what the makers offer, `allowed` what a new lock would choose; both empty when nobody looked.
    """
    limited = limits(requirements)
    why = {part.name.lower(): part for part in lifecycle.requirements}
    found = []
    for name, version, via in locked:
        if not newest and not allowed:
            found.append(Version(name, version))
            continue
        last = newest.get(name, version)
        if last == version:
            reason = "最新版である"
        elif name.lower() in limited:
            part = why.get(name.lower())
            plan = f"。{part.plan.what}（{part.plan.by.isoformat()}まで）" if part and part.plan else ""
            reason = f"版を {limited[name.lower()]} に限る：{part.why if part else '構成の選定'}{plan}"
        elif allowed.get(name, version) != version:
            reason = "固定した後に出た版。次の月例の更新で、双子環境で検証してから適用する"
        else:
            askers = "、".join(via) or "対応する Python"
            reason = f"これを使う部品（{askers}）または Python 3.11 が求める版の範囲の最新である"
        found.append(Version(name, version, last, reason))
    return found
