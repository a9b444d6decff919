"""The flow matrix as table rows for documents, in the words of the office."""

from __future__ import annotations

from collections import defaultdict

from inventory import Host, Inventory
from network.flows import Flow, flows

COLUMNS = ("番号", "発信元", "宛先", "宛先アドレス", "プロトコル", "ポート", "サービス", "用途")
KINDS = {"router": "ルータ", "server": "サーバ", "workstation": "保守端末", "terminal": "端末"}
LISTED = 4


def rows(site: Inventory) -> list[dict[str, str]]:
    """One row per source, port and service; the destinations that offer it together."""
    together: dict[tuple[str, str, int, str, str], list[Host]] = defaultdict(list)
    for flow in flows(site):
        together[flow.source, flow.protocol, flow.port, flow.service, flow.why].append(flow.destination)
    return [
        dict(
            zip(
                COLUMNS,
                (str(number), source_name(site, source), *_targets(hosts), protocol.upper(), str(port), service, why),
                strict=True,
            )
        )
        for number, ((source, protocol, port, service, why), hosts) in enumerate(together.items(), 1)
    ]


def source_name(site: Inventory, source: str) -> str:
    """How a document calls a source."""
    if source.startswith("host:"):
        return source.removeprefix("host:")
    return f"{site.zones[source].name}（{source}）"


def source_label(site: Inventory, source: str) -> str:
    """A source in as few words as a picture has room for."""
    return source.removeprefix("host:") if source.startswith("host:") else site.zones[source].name


def flow_lines(site: Inventory) -> list[str]:
    """Every single flow, one line each, for people who compare two versions."""
    return [_line(flow) for flow in flows(site)]


def _line(flow: Flow) -> str:
    port = f"{flow.protocol}/{flow.port}"
    return f"{flow.source} -> {flow.destination.name} {flow.destination.address} {port} {flow.service} {flow.why}"


def _targets(hosts: list[Host]) -> tuple[str, str]:
    if len(hosts) <= LISTED:
        return "、".join(host.name for host in hosts), "、".join(str(host.address) for host in hosts)
    counts: dict[str, int] = defaultdict(int)
    for host in hosts:
        counts[("館の" if host.at_site else "データセンターの") + KINDS[host.kind]] += 1
    return "、".join(f"{name} {count}台" for name, count in counts.items()), "別表"
