"""The picture shows what the inventory says, complete and within its frame."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from inventory import Inventory, available, load
from network import matrix, paths
from network.diagram import svg
from network.drawing import width, wrap

SITES = [load(name) for name in available()]
each = pytest.mark.parametrize("site", SITES, ids=lambda site: site.name)
SVG = "{http://www.w3.org/2000/svg}"


def words(site: Inventory) -> str:
    return "\n".join(node.text or "" for node in ElementTree.fromstring(svg(site)).iter(f"{SVG}text"))


@each
@pytest.mark.req("S-NET-015")
def test_every_data_centre_host_stands_in_the_picture_with_its_address(site: Inventory) -> None:
    shown = words(site)
    for host in site.hosts:
        if not host.at_site:
            assert host.name in shown
            assert str(host.address) in shown


@each
@pytest.mark.req("S-NET-015")
def test_every_connected_library_and_every_service_port_of_a_card_is_in_the_picture(site: Inventory) -> None:
    shown = words(site)
    rooms = [place for place in paths.connected_places(site) if place.kind == "room"]
    for place in paths.connected_places(site):
        assert place.name in shown or (place in rooms and f"分室 {len(rooms)}館" in shown)
    for service in site.services:
        if "every" not in service.row.hosts and any(not host.at_site for host in service.hosts):
            assert str(service.listen[0].port) in shown, service.id


@each
@pytest.mark.req("S-NET-015")
def test_there_is_a_tunnel_line_for_each_library_card_and_a_dot_for_each_feed(site: Inventory) -> None:
    picture = svg(site)
    mains = sum(place.kind == "main" for place in paths.connected_places(site))
    groups = len({place.kind for place in paths.connected_places(site)} - {"main"})
    assert len(re.findall(r'stroke="#2e7d5b" stroke-width="3"', picture)) == mains + groups
    feeds = sum(len(host.power.supplies) for host in site.hosts if not host.at_site)
    assert picture.count("<circle") == feeds + len(site.power.units)


@each
def test_no_text_leaves_the_frame(site: Inventory) -> None:
    root = ElementTree.fromstring(svg(site))
    frame, height = float(root.get("width", "0")), float(root.get("height", "0"))
    for node in root.iter(f"{SVG}text"):
        long = width(node.text or "", float(node.get("font-size", "0")))
        start = float(node.get("x", "0")) - {"end": long, "middle": long / 2}.get(node.get("text-anchor", ""), 0)
        assert start >= 0, node.text
        assert start + long <= frame, node.text
        assert float(node.get("y", "0")) < height


@each
def test_the_picture_has_a_title_for_those_who_cannot_see_it(site: Inventory) -> None:
    title = ElementTree.fromstring(svg(site)).find(f"{SVG}title")
    assert title is not None
    assert title.text == f"{site.organisation.name} 構成図"


def test_wrapped_lines_fit_and_lose_nothing() -> None:
    text = "ルータ・ファイアウォール・VPN・DNS・時刻"
    lines = wrap(text, 11, 80)
    assert "".join(lines) == text
    assert all(width(line, 11) <= 80 for line in lines)


@each
def test_the_matrix_for_documents_counts_every_flow_once(site: Inventory) -> None:
    rows = matrix.rows(site)
    assert [row["番号"] for row in rows] == [str(number) for number in range(1, len(rows) + 1)]
    assert all(tuple(row) == matrix.COLUMNS and all(row.values()) for row in rows)
    keys = [(row["発信元"], row["プロトコル"], row["ポート"], row["サービス"], row["用途"]) for row in rows]
    assert len(set(keys)) == len(keys)
