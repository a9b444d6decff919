"""The picture of the appliance, drawn from the inventory: libraries, tunnel, zones, hosts and their UPS feeds."""

from __future__ import annotations

from collections import Counter

from inventory import Host, Inventory
from inventory.schema import Place
from network import matrix, paths
from network.drawing import INK, MUTED, box, curve, dot, page, paragraph, text, wrap
from network.flows import source_is_outside

WIDTH = 1200
LEFT, LEFT_WIDTH = 32, 300
CENTRE, CENTRE_WIDTH = 496, 672
ROUTER_WIDTH = 150
LANE_HEIGHT, LANE_GAP = 104, 12
CARD_WIDTH = 172
TOP = 84
TUNNEL = "#2e7d5b"
PUBLIC = "#2f6f9f"
FEEDS = ("#d1495b", "#3d6cb9", "#e09f3e", "#6b4e9b")
LANES = ("#e8f1f8", "#eaf5ee", "#fbf3e4", "#f3ecf7", "#eef0f2")
ORIGIN = "Made by Kura from the inventory (network/diagram.py)."
KINDS = {"main": "図書館", "mobile": "移動図書館", "room": "分室", "community": "市民文庫"}
TERMINALS = {"staff": "窓口", "kiosk": "検索", "guest": "閲覧"}


def svg(site: Inventory) -> str:
    """The picture as SVG text, 1200 pixels wide; the same inventory always gives the same text."""
    lanes = _lanes(site)
    bottom = TOP + 40 + len(lanes) * (LANE_HEIGHT + LANE_GAP) + 12
    ends, left_pieces, left_bottom = _libraries(site)
    power_top = bottom + 12
    power_height = 50 + 22 * len(site.power.units)
    height = max(power_top + power_height, left_bottom) + 44
    pieces = [f"<!-- {ORIGIN} -->", *_title(site)]
    pieces += _centre(site, lanes, bottom)
    pieces += left_pieces
    pieces += _outside(site, ends, bottom)
    pieces += _power(site, power_top, power_height)
    lines = "緑の線は暗号化トンネル、" if ends else ""
    note = f"inventory/{site.name} から作成。{lines}丸は給電元の UPS、← は接続を許す区画を示す。"
    pieces.append(text(LEFT, height - 16, note, 11, MUTED))
    return page(WIDTH, height, f"{site.organisation.name} 構成図", pieces)


def _title(site: Inventory) -> list[str]:
    away = sum(host.at_site for host in site.hosts)
    apart = f"（うち拠点 {away} 台）" if away else ""
    count = f"機器 {len(site.hosts)} 台{apart}　サービス {len(site.services)} 種"
    return [
        text(LEFT, 44, site.organisation.name, 24, INK, "bold"),
        text(LEFT, 66, "蔵（Kura）構成図", 13, MUTED),
        text(CENTRE + CENTRE_WIDTH, 66, count, 12, MUTED, anchor="end"),
    ]


def _lanes(site: Inventory) -> list[tuple[str, list[Host]]]:
    """Zones of the data centre with the hosts in them, the router's own zone left to the router."""
    found = []
    for zone in site.networks.zones:
        hosts = [host for host in site.hosts if host.zone == zone.id and not host.at_site and host.kind != "router"]
        if zone.place == "datacentre" and hosts:
            found.append((zone.id, hosts))
    return found


def _centre(site: Inventory, lanes: list[tuple[str, list[Host]]], bottom: float) -> list[str]:
    at_sites = bool(paths.connected_places(site))
    name = "データセンター" if at_sites else site.places[0].name if site.places else "館内"
    pieces = [
        box(CENTRE, TOP, CENTRE_WIDTH, bottom - TOP, "#ffffff", "#9fb0bf", 12),
        text(CENTRE + 18, TOP + 26, name, 15, INK, "bold"),
        text(CENTRE + CENTRE_WIDTH - 18, TOP + 26, str(site.networks.datacentre), 12, MUTED, anchor="end"),
    ]
    top = TOP + 40
    lane_x = CENTRE + 18 + ROUTER_WIDTH + 26
    for index, (zone, hosts) in enumerate(lanes):
        y = top + index * (LANE_HEIGHT + LANE_GAP)
        lane_width = CENTRE + CENTRE_WIDTH - 18 - lane_x
        middle = y + LANE_HEIGHT / 2
        pieces.append(curve(CENTRE + 18 + ROUTER_WIDTH, middle, lane_x, middle, "#7b8794", 3))
        pieces.append(box(lane_x, y, lane_width, LANE_HEIGHT, LANES[index % len(LANES)], "#d5dde4"))
        pieces += _lane(site, zone, hosts, lane_x, y)
    pieces += _router(site, CENTRE + 18, top, bottom - 12 - LANE_GAP - top)
    return pieces


def _lane(site: Inventory, zone: str, hosts: list[Host], x: float, y: float) -> list[str]:
    names = wrap(site.zones[zone].name, 12.5, 80)
    pieces = [text(x + 10, y + 22 + 17 * index, name, 12.5, INK, "bold") for index, name in enumerate(names)]
    below = y + 23 + 17 * len(names)
    pieces.append(text(x + 10, below, zone, 11, MUTED))
    pieces.append(text(x + 10, y + LANE_HEIGHT - 12, str(site.zone_network(zone)), 10.5, MUTED))
    shown = hosts[:2]
    for index, host in enumerate(shown):
        pieces += _card(site, host, x + 92 + index * (CARD_WIDTH + 8), y + 10)
    if len(hosts) > len(shown):
        pieces.append(text(x + 10, below + 16, f"他 {len(hosts) - len(shown)} 台", 11, MUTED))
    if len(hosts) == 1:
        pieces += _reach(site, hosts[0], x + 92 + CARD_WIDTH + 14, y + 30)
    return pieces


def _reach(site: Inventory, host: Host, x: float, y: float) -> list[str]:
    """Beside a lone card: who may open which port of its host."""
    pieces: list[str] = []
    for service in site.services_of(host):
        if "every" in service.row.hosts:
            continue
        port = service.listen[0]
        who = "、".join(matrix.source_label(site, source) for source in service.sources)
        lines, after = paragraph(x + 40, y, f"← {who}", 11, 150)
        pieces += [text(x, y, str(port.port), 11, INK, "bold"), *lines]
        y = after + 4
    return pieces


def _card(site: Inventory, host: Host, x: float, y: float) -> list[str]:
    dashed = "4 3" if host.kind in ("workstation", "terminal") else ""
    pieces = [box(x, y, CARD_WIDTH, LANE_HEIGHT - 20, "#ffffff", "#aab7c4", 6, dashed)]
    pieces.append(text(x + 10, y + 20, host.name, 14, INK, "bold"))
    pieces.append(
        text(x + CARD_WIDTH - 10 - 13 * len(host.power.supplies), y + 19, str(host.address), 10.5, MUTED, anchor="end")
    )
    pieces += _feeds(site, host, x + CARD_WIDTH - 11, y + 15)
    purpose, after = paragraph(x + 10, y + 38, host.purpose, 11, CARD_WIDTH - 18, INK)
    offered, _ = paragraph(x + 10, after + 1, _offered(site, host), 10, CARD_WIDTH - 18)
    return pieces + purpose + offered


def _offered(site: Inventory, host: Host) -> str:
    own = [service for service in site.services_of(host) if "every" not in service.row.hosts]
    return "、".join(
        f"{service.row.names[0] if service.row.names else service.id} {service.listen[0].port}" for service in own
    )


def _feeds(site: Inventory, host: Host, x: float, y: float) -> list[str]:
    units = [unit.id for unit in site.power.units]
    colours = [FEEDS[units.index(unit) % len(FEEDS)] for unit in host.power.supplies]
    return [dot(x - 13 * index, y, colour) for index, colour in enumerate(reversed(colours))]


def _router(site: Inventory, x: float, y: float, height: float) -> list[str]:
    hub = site.hub
    pieces = [box(x, y, ROUTER_WIDTH, height, "#24425c", "#24425c", 8)]
    pieces.append(text(x + 12, y + 26, hub.name, 17, "#ffffff", "bold"))
    pieces += _feeds(site, hub, x + ROUTER_WIDTH - 14, y + 20)
    lines, after = paragraph(x + 12, y + 48, hub.purpose, 10, ROUTER_WIDTH - 16, "#dbe7f1")
    pieces += lines
    pieces.append(text(x + 12, after + 6, str(hub.address), 11, "#9fc0da"))
    row = after + 34
    for service in site.services_of(hub):
        if "every" not in service.row.hosts and row < y + height - 40:
            port = "/".join(str(one.port) for one in service.listen[:1])
            pieces.append(text(x + 12, row, service.row.title.partition("（")[0], 11, "#ffffff"))
            pieces.append(text(x + ROUTER_WIDTH - 10, row, port, 10.5, "#9fc0da", anchor="end"))
            row += 18
    pieces.append(text(x + 12, y + height - 12, "既定は遮断", 11, "#ffd98a"))
    return pieces


def _libraries(site: Inventory) -> tuple[list[tuple[float, float]], list[str], float]:
    """Cards of the places; returns the tunnel ends, the pieces and the lower edge."""
    connected = {place.id for place in paths.connected_places(site)}
    pieces: list[str] = []
    ends: list[tuple[float, float]] = []
    y: float = TOP + 96
    for place in site.places:
        if place.id in connected and place.kind == "main":
            pieces += _place(site, place, y)
            ends.append((LEFT + LEFT_WIDTH, y + 48))
            y += 108
    for kind in ("mobile", "room", "community"):
        group = [place for place in site.places if place.kind == kind and place.id in connected]
        if group:
            pieces += _group(site, kind, group, y)
            ends.append((LEFT + LEFT_WIDTH, y + 44))
            y += 116
    apart = Counter(place.kind for place in site.places if place.id not in connected)
    if connected and apart:
        words = "、".join(f"{KINDS[kind]} {count}" for kind, count in apart.items())
        pieces.append(box(LEFT, y, LEFT_WIDTH, 56, "#f6f8fa", "#c9d1d9", 8, "4 3"))
        pieces.append(text(LEFT + 14, y + 24, words, 12.5, INK))
        pieces.append(text(LEFT + 14, y + 43, "所蔵のみ（回線なし）", 11, MUTED))
        y += 68
    return ends, pieces, y


def _place(site: Inventory, place: Place, y: float) -> list[str]:
    router = next(host.name for host in paths.routers(site) if host.place == place)
    return [
        box(LEFT, y, LEFT_WIDTH, 96, "#ffffff", "#8fbfa6"),
        text(LEFT + 14, y + 26, place.name, 15, INK, "bold"),
        text(LEFT + LEFT_WIDTH - 14, y + 26, str(site.place_network(place)), 11, MUTED, anchor="end"),
        *_chip(LEFT + 14, y + 40, router),
        text(LEFT + 14, y + 82, _terminals(site, [place]), 12, INK),
    ]


def _group(site: Inventory, kind: str, group: list[Place], y: float) -> list[str]:
    first, last = group[0], group[-1]
    shift = [box(LEFT + step, y + step, LEFT_WIDTH - 8, 88, "#ffffff", "#8fbfa6") for step in (8, 4, 0)]
    span = f"{site.place_network(first)[0]} – {site.place_network(last)[0]}"
    return [
        *shift,
        text(LEFT + 14, y + 26, f"{KINDS[kind]} {len(group)}館", 15, INK, "bold"),
        text(LEFT + LEFT_WIDTH - 22, y + 26, span, 10.5, MUTED, anchor="end"),
        *_chip(LEFT + 14, y + 38, f"rt-{first.id} … rt-{last.id}"),
        text(LEFT + 14, y + 78, _terminals(site, group), 12, INK),
    ]


def _chip(x: float, y: float, words: str) -> list[str]:
    wide = 16 + 7 * len(words)
    return [box(x, y, wide, 24, "#e3f1e9", "#8fbfa6", 12), text(x + 10, y + 16.5, words, 11.5, TUNNEL, "bold")]


def _terminals(site: Inventory, group: list[Place]) -> str:
    ids = {place.id for place in group}
    here = [host for host in site.hosts if host.place and host.place.id in ids]
    counts = Counter(host.zone for host in here if host.kind == "terminal")
    return "　".join(f"{TERMINALS.get(zone, zone)} {count}台" for zone, count in counts.items())


def _outside(site: Inventory, ends: list[tuple[float, float]], bottom: float) -> list[str]:
    """The provider's network with the tunnels in it, and the citizens' way in."""
    x, wide = LEFT + LEFT_WIDTH + 38, 92
    pieces = [
        box(x, TOP, wide, bottom - TOP, "#e9edf1", "#c9d1d9", 12),
        text(x + wide / 2, TOP + 24, "通信事業者網", 12, MUTED, anchor="middle"),
        text(x + wide / 2, TOP + 40, str(site.networks.provider), 10, MUTED, anchor="middle"),
    ]
    entry = CENTRE + 18
    for index, (from_x, from_y) in enumerate(ends):
        pieces.append(curve(from_x, from_y, entry, TOP + 190 + index * 26, TUNNEL, 3))
    if ends:
        y = bottom - 22
        pieces.append(text(x + wide / 2, y - 16, "WireGuard", 11.5, TUNNEL, "bold", "middle"))
        pieces.append(text(x + wide / 2, y, "拠点間VPN", 11, TUNNEL, anchor="middle"))
    for service in site.services:
        if service.row.public and any(source_is_outside(site, source) for source in service.sources):
            port = service.listen[0].port
            pieces.append(box(LEFT, TOP, LEFT_WIDTH, 76, "#eaf2f9", "#9dbdd6"))
            pieces.append(text(LEFT + 14, TOP + 28, "市民", 15, INK, "bold"))
            name = site.fqdn(service.row.names[0]) if service.row.names else service.row.title
            pieces.append(text(LEFT + 14, TOP + 50, name, 12, INK))
            pieces.append(text(LEFT + 14, TOP + 67, f"蔵書検索・マイページ（HTTPS {port}）", 11, MUTED))
            pieces.append(curve(LEFT + LEFT_WIDTH, TOP + 38, entry - 2, TOP + 110, PUBLIC, 2, arrow=True))
            break
    return pieces


def _power(site: Inventory, y: float, height: float) -> list[str]:
    pieces = [box(CENTRE, y, CENTRE_WIDTH, height, "#ffffff", "#9fb0bf", 12)]
    pieces.append(text(CENTRE + 18, y + 24, "電源", 13, INK, "bold"))
    for index, unit in enumerate(site.power.units):
        row = y + 24 + index * 22
        fed = sum(unit.id in host.power.supplies for host in site.hosts)
        words = f"{unit.name}　{unit.model}　給電 {fed} 台　{unit.runtime_minutes} 分　読取 {unit.read_by}"
        pieces.append(dot(CENTRE + 84, row - 4, FEEDS[index % len(FEEDS)]))
        pieces.append(text(CENTRE + 98, row, words, 12, INK))
    order = " → ".join("・".join(step) for step in site.power.stop_order)
    row = y + 26 + len(site.power.units) * 22
    pieces.append(text(CENTRE + 98, row, f"停電時の停止順　{order}", 12, MUTED))
    return pieces
