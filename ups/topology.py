"""What is fed by what, and what survives when a feed dies. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from inventory import Inventory
from ups import plan


@dataclass(frozen=True)
class Loss:
    """What the loss of one UPS unit means."""

    unit: str
    stays: tuple[str, ...]
    falls: tuple[str, ...]


def losses(site: Inventory) -> tuple[Loss, ...]:
    """For each unit: the fed hosts that stay up without it, and those that fall."""
    result = []
    for unit in site.power.units:
        fed = plan.fed(site)
        stays = tuple(host.name for host in fed if set(host.power.supplies) - {unit.id})
        result.append(Loss(unit.id, stays, tuple(host.name for host in fed if host.name not in stays)))
    return tuple(result)


def text(site: Inventory) -> str:
    """The feeds and their losses as a Japanese table for the terminal and the documents."""
    lines = ["電源系統"]
    for unit in site.power.units:
        fed = [host.name for host in plan.fed(site) if unit.id in host.power.supplies]
        lines.append(f"  {unit.id}({unit.name}・監視 {unit.read_by}): {'、'.join(fed) or 'なし'}")
    lines.append("系統を失ったとき")
    for loss in losses(site):
        stays, falls = ("、".join(names) or "なし" for names in (loss.stays, loss.falls))
        lines.append(f"  {loss.unit} 停止: 継続 {stays} / 停止 {falls}")
    lines.append("停止の順序(蓄電池が限界に達してからの秒)")
    lines += [f"  {step.starts:4d}〜{step.ends:4d}  {'、'.join(step.hosts)}" for step in plan.steps(site)]
    return "\n".join(lines) + "\n"


def batteries(site: Inventory) -> str:
    """Each unit's battery: when it was installed, when its replacement is planned, and when it was replaced."""
    lines = ["蓄電池"]
    for unit in site.power.units:
        planned = f"{unit.replacement_planned:%Y-%m-%d}" if unit.replacement_planned else "なし"
        done = "、".join(f"{row.on:%Y-%m-%d}({row.by})" for row in unit.replacements) or "未実施"
        lines.append(f"  {unit.id}: 取付 {unit.battery_installed:%Y-%m-%d} / 交換予定日 {planned} / 実施日 {done}")
    return "\n".join(lines) + "\n"
