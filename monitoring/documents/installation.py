"""データセンター構成書: where things stand, racks, power sums, circuits, fixings, and who may enter."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from inventory import Host
from monitoring.documents.facts import Facts
from office.document import Cell, Chapter, Heading, Listing, Picture, Table

VA_LOSS = 1.1  # what a UPS itself takes and the cold start of power supplies, as a factor on the load


@dataclass(frozen=True)
class Standing:
    """One thing in a rack: its name, the lowest unit it fills and how many, and its greatest draw in watts."""

    name: str
    what: str
    rack: str
    unit: int
    height: int
    watts: int


def standing(facts: Facts) -> list[Standing]:
    """Everything that the inventory puts into a rack: hosts, then UPS units (which draw nothing of their own here)."""
    found = [
        Standing(
            host.name, host.hardware.model, host.hardware.rack, host.hardware.unit, host.hardware.height,
            watts(facts, host),
        )
        for host in facts.site.hosts
        if host.hardware is not None
    ]  # fmt: skip
    found += [Standing(u.name, u.model, u.rack, u.unit, u.height, 0) for u in facts.site.power.units]
    return found


def watts(facts: Facts, host: Host) -> int:
    """A host's greatest draw: by its model in the data centre, by its kind at a library."""
    text = facts.text("installation")
    if host.hardware is not None:
        return int(text["watts"].get(host.hardware.model, text["unknown_watts"]))
    return int(text["places"].get(host.kind, {"watts": 0})["watts"])


def chapters(facts: Facts) -> list[Chapter]:
    """Every chapter of the document."""
    text, site = facts.text("installation"), facts.site
    place = text["datacentre"]["address"].format(city=site.organisation.city)
    return [
        Chapter(
            "所在と建物",
            [
                f"情報基盤は{site.organisation.city}内のデータセンターに置く。",
                Table(
                    "設置場所",
                    ("項目", "内容"),
                    [
                        ["所在地", place],
                        ["建物", text["datacentre"]["building"]],
                        ["冷却", text["datacentre"]["cooling"]],
                        ["ラック", f"{len(_racks(facts))}本（{text['racks']['units']}U）"],
                    ],
                    (2, 8),
                ),
                Heading("入退室"),
                Listing(text["datacentre"]["entry"]),
            ],
        ),
        Chapter("ラック図", [_rack_table(facts, rack) for rack in _racks(facts)]),
        Chapter("電源", [*_power(facts)]),
        Chapter("回線図", _circuits(facts)),
        Chapter("耐震と固定", [_fixings(facts)], new_page=False),
    ]


def _racks(facts: Facts) -> list[str]:
    return sorted({one.rack for one in standing(facts)})


def _rack_table(facts: Facts, rack: str) -> Table:
    """The rack from the top: one line for everything that stands in it, one for every run of free units."""
    inside = sorted((one for one in standing(facts) if one.rack == rack), key=lambda one: -one.unit)
    top = int(facts.text("installation")["racks"]["units"])
    rows: list[list[Cell]] = []
    above = top + 1
    for one in inside:
        highest = one.unit + one.height - 1
        if highest + 1 < above:
            rows.append([_span(highest + 1, above - 1), "（空き・塞ぎ板）", "", ""])
        rows.append([_span(one.unit, highest), one.name, one.what, f"{one.watts} W" if one.watts else "－"])
        above = one.unit
    if above > 1:
        rows.append([_span(1, above - 1), "（空き・塞ぎ板）", "", ""])
    return Table(f"ラック{rack}（上から）", ("ユニット", "機器", "型式", "最大電力"), rows, (1.6, 3, 4, 1.6))


def _span(low: int, high: int) -> str:
    return f"U{low}" if low == high else f"U{high}〜U{low}"


def _power(facts: Facts) -> Sequence[str | Table]:
    """What each rack and each feed carries, both together and when one feed is gone."""
    text, site = facts.text("installation"), facts.site
    units = {unit.id: unit for unit in site.power.units}
    capacity = {unit.id: text["units_va"].get(unit.model, 0) * text["power_factor"] for unit in site.power.units}
    alone: dict[str, float] = defaultdict(float)
    shared: dict[str, float] = defaultdict(float)
    rows: list[list[Cell]] = []
    for host in site.hosts:
        if host.hardware is None:
            continue
        drawn = watts(facts, host)
        feeds = host.power.supplies
        rows.append(
            [
                host.name,
                drawn,
                "、".join(units[feed].name for feed in feeds) or "なし",
                "止まらない" if len(feeds) > 1 else "止まる",
            ]
        )
        for feed in feeds:
            shared[feed] += drawn / len(feeds)
            alone[feed] += drawn
    sums: list[list[Cell]] = []
    for id_, unit in units.items():
        limit = capacity[id_]
        verdict = "可" if limit and alone[id_] * VA_LOSS <= limit else ("不可" if limit else "容量が不明")
        sums.append([unit.name, unit.model, round(shared[id_]), round(alone[id_]), round(limit) or None, verdict])
    circuit = text["racks"]["amperes"] * text["racks"]["volts"]
    racks: list[list[Cell]] = []
    for rack in _racks(facts):
        total = sum(one.watts for one in standing(facts) if one.rack == rack)
        racks.append(
            [rack, total, circuit * text["racks"]["feeds"], circuit, "可" if total <= 0.8 * circuit else "不可"]
        )
    heads = ("装置", "型式", "平常時（W）", "片系停止時（W）", "容量（W）", "片系での継続")
    return [
        "各サーバは二つの電源を持ち、A系とB系の無停電電源装置から受ける。平常時は半分ずつ、片系が失われたときは"
        f"残る系がすべてを負う。片系の負荷に余裕{VA_LOSS}倍を見て容量と比べた。",
        Table("機器の電力", ("サーバ", "最大電力（W）", "給電元", "片系の停止"), rows, (2, 2, 4, 2)),
        Table("無停電電源装置の負荷", heads, sums, (2, 3, 1.8, 2, 1.6, 2)),
        Table(
            "ラックの電源計算", ("ラック", "最大電力（W）", "供給（W、両系）", "片系（W）", "片系の8割以内"), racks,
            (1.4, 2, 2.2, 2, 2),
        ),
        _places_power(facts),
    ]  # fmt: skip


def _places_power(facts: Facts) -> Table:
    """The sum of each library against one outlet circuit."""
    limit = facts.text("installation")["places"]["outlet_watts"]
    rows: list[list[Cell]] = []
    for place in facts.site.places:
        here = [host for host in facts.site.hosts if host.place is not None and host.place.id == place.id]
        total = sum(watts(facts, host) for host in here)
        circuits = -(-total // int(0.8 * limit)) if total else 0
        rows.append([place.name, len(here), total, circuits])
    heads = ("設置場所", "機器（台）", "最大電力（W）", f"必要な回路（{limit}W・8割）")
    return Table("館と拠点の電源計算", heads, rows, (4, 1.6, 2, 3))


def _circuits(facts: Facts) -> list[str | Table | Picture]:
    rows: list[list[Cell]] = [list(row) for row in facts.circuits]
    return [
        "データセンターと各拠点を結ぶ回線である。拠点との間はすべて暗号化した通路を通す。",
        Picture("回線の構成", facts.diagram),
        Table("回線と区間", ("区間", "起点", "終点", "アドレス", "帯域と機器"), rows, (2.8, 1.6, 3, 2.6, 4)),
    ]


def _fixings(facts: Facts) -> Table:
    text = facts.text("installation")
    rows: list[list[Cell]] = [
        [f"データセンター ラック{rack}", text["racks"]["fixing"], text["racks"]["cable"]] for rack in _racks(facts)
    ]
    for place in facts.site.places:
        kinds = {h.kind for h in facts.site.hosts if h.place is not None and h.place.id == place.id}
        ways = [text["places"][kind]["fixing"] for kind in ("router", "terminal") if kind in kinds]
        rows.append([place.name, "。".join(ways) or "機器を置かない", "壁面に沿わせて固定" if ways else ""])
    return Table("固定の方法", ("設置場所", "機器の固定", "配線"), rows, (2.6, 5, 3))
