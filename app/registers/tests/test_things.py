"""Machines, software, network and maintenance: the registers of HW, SW, NET and OPS, on the real forms."""

import csv
import io
import re

import pytest

from app.registers.tests.book import Book, ago, ahead, words
from inventory import load

END = "2030-12-15"


def whole(row, number):
    """What a machine's row needs besides what the inventory says."""
    return {
        "番号": row["番号"],
        "製番": f"SN-{number:05d}",
        "保守提供期限": "2031-03-31",
        "省電力": "国際エネルギースター",
        "再生材": "筐体の30%",
        "回収": "製造元が回収",
        "選定理由": "5年の保守がある",
        "納品日": "2025-11-20",
        "動作確認の日": "2025-11-25",
        "動作確認の結果": "良",
        "動作確認した人": "保科",
    }


@pytest.mark.req("S-HW-001", "S-HW-002", "S-HW-010", "S-PRJ-009")
def test_every_machine_has_its_serial_its_support_its_environment_and_its_check(alone):
    book, counts = Book(alone, "equipment"), Book(alone, "equipment_counts")
    hosts = load("nagano").hosts
    rows = book.sheet()
    assert {row["機器名"] for row in rows} >= {host.name for host in hosts}
    assert book.lacks("構成情報にあって台帳にない機器") == 0
    assert book.lacks("保守提供期限が契約の終わりまである機器に足りないもの") == len(hosts)
    assert "環境配慮の欄" in book.row(rows[0]["番号"])
    assert "納品と動作確認の記録がありません" in book.row(rows[0]["番号"])
    sheet = [whole(row, at) for at, row in enumerate(rows)]
    status, text = book.take_in(sheet)
    assert status == 200, text[-500:]
    assert f"変更{len(rows)}件" in text
    assert book.lacks("保守提供期限が契約の終わりまである機器に足りないもの") == 0
    assert "該当する行はありません" in book.page("?only=bad")
    first = rows[0]["番号"]
    book.edit(first, until="2030-01-31")
    assert "契約の終わりより前です" in book.row(first)
    assert book.lacks("保守提供期限が契約の終わりまである機器に足りないもの") == 1
    book.edit(first, until=END, saving="")
    assert "環境配慮の欄" in book.row(first)
    book.edit(first, saving="あり", check_result="不良")
    assert "動作確認が不良です" in book.row(first)
    book.edit(first, check_result="良")
    assert "動作確認票" in words(alone.load(book.path(f"{first}/papers/check/")))
    assert "納品書" in words(alone.load(book.path("papers/delivery/")))

    places = {}
    for row in rows:
        places[row["設置場所"]] = places.get(row["設置場所"], 0) + 1
    assert book.lacks("設置場所別の台帳と現物の差") == len(places)
    status, text = counts.take_in(
        [{"設置場所": p, "数えた台数": n, "確認日": ago(1), "確認した人": "保科"} for p, n in places.items()]
    )
    assert status == 200, text[-500:]
    assert book.lacks("設置場所別の台帳と現物の差") == 0
    place, number = next(iter(places.items()))
    counts.add(place=place, counted=number - 1, day=ago(0), person="保科")
    assert book.lacks("設置場所別の台帳と現物の差") == 1
    assert f"{place}：台帳 {number}、現物 {number - 1}" in book.page()
    counts.add(place=place, counted=number, day=ago(0), person="保科")
    assert book.lacks("設置場所別の台帳と現物の差") == 0


@pytest.mark.req("S-HW-008")
def test_the_citys_list_is_taken_in_and_every_gap_to_what_was_delivered_is_shown(alone):
    book, machines = Book(alone, "schedule4"), Book(alone, "equipment")
    line = {"品目": "プリンタ", "仕様": "A4", "設置場所": "南部図書館", "数量": 2}
    status, text = book.take_in([line, {**line, "品目": "スキャナ", "数量": 1}])
    assert status == 200, text[-500:]
    printers, scanners = (row["番号"] for row in book.sheet()[-2:])
    assert "納入数が明細と違います" in book.row(printers)
    common = {"kind": "周辺機器", "model": "P-1"}
    machines.add(name="printer-1", place="南部図書館", item=printers, **common)
    wrong = machines.add(name="printer-2", place="長野図書館", item=printers, **common)
    machines.add(name="scanner-1", place="南部図書館", item=scanners, **common)
    assert "設置場所が明細と違う機器があります" in book.row(printers)
    gaps = {row["番号"]: row["差"] for row in book.sheet()}
    assert (gaps[printers], gaps[scanners]) == (1, 0)
    machines.edit(wrong, place="南部図書館")
    assert "該当する行はありません" in book.page("?only=bad")
    assert "機器明細との差の一覧" in words(alone.load(book.path("papers/gaps/")))


@pytest.mark.req("S-HW-009")
def test_every_model_says_since_when_and_whether_it_is_sold(alone):
    book = Book(alone, "models")
    rows = book.sheet()
    assert len(rows) >= 5
    assert book.lacks("発売日と販売状況のない機種") >= len(rows)
    filled = [{"番号": r["番号"], "発売日": "2025-04-01", "販売状況": "販売中", "納入日": "2025-11-20"} for r in rows]
    assert book.take_in(filled)[0] == 200
    missing = book.lacks("発売日と販売状況のない機種")
    for model in ["P-1"] * missing:  # what another test put among the machines
        book.add(model=model, released="2025-01-01", state="販売中")
    assert book.lacks("発売日と販売状況のない機種") == 0
    number = rows[0]["番号"]
    assert "販売終了日を入力してください" in book.edit(number, state="販売終了")
    book.edit(number, state="販売終了", ended="2025-10-31")
    assert "納入の時点で販売が終わっています" in book.row(number)
    book.edit(number, ended="2026-06-30")
    assert "不備" not in book.row(number)


@pytest.mark.req("S-SW-001")
def test_licences_needed_follow_from_the_inventory_and_more_in_use_than_owned_is_a_fault(alone):
    book = Book(alone, "licences")
    site = load("nagano")
    rows = {row["製品"]: row for row in book.sheet()}
    servers = sum(host.kind in ("server", "router") for host in site.hosts)
    assert rows["Debian 13"]["必要数（構成から）"] == rows["Debian 13"]["配備数"] == servers
    assert rows["PostgreSQL 17"]["必要数（構成から）"] == len(site.service("database").hosts)
    assert all(row["期限"] for row in rows.values())
    number = book.add(product="管理ソフト", kind="年間契約", wanted=3, owned=3, deployed=4, until=ahead(400))
    assert "配備数が保有数を超えています" in book.row(number)
    book.edit(number, deployed="3")
    assert "不備" not in book.row(number)
    book.edit(number, owned="2", deployed="2")
    assert "保有数が必要数に足りません" in book.row(number)
    book.edit(number, owned="3", deployed="3", until=ago(1))
    assert book.row(number).startswith("[late]")
    book.edit(number, until="")
    assert "期限がありません" in book.row(number)
    debian = rows["Debian 13"]["番号"]
    book.edit(debian, deployed=str(servers + 1))
    assert "必要数と違います" in book.row(debian)
    book.edit(debian, deployed=str(servers))


@pytest.mark.req("S-NET-012")
def test_provider_and_security_are_part_of_the_fee_and_every_licence_has_its_end(alone):
    book = Book(alone, "fees")
    assert book.lacks("保守料に含まれていない費目の区分") == 2
    line = book.add(item="回線", kind="プロバイダ", amount="600000", until="2030-12-14")
    assert "保守料に含まれていません" in book.row(line)
    book.edit(line, included="on")
    guard = book.add(item="対策ソフト", kind="セキュリティライセンス", amount="300000", included="on")
    assert "期限がありません" in book.row(guard)
    book.edit(guard, until="2030-12-14")
    assert book.lacks("保守料に含まれていない費目の区分") == 0
    text = words(alone.load(book.path("papers/breakdown/")))
    assert "600,000 円" in text
    assert "ライセンス台帳" in text


@pytest.mark.req("S-SW-012")
def test_every_release_of_the_first_six_months_has_a_decision(alone):
    book = Book(alone, "releases")
    inside = book.add(product="Django", version="5.2.9", released="2026-06-15")
    outside = book.add(product="Django", version="5.2.10", released="2026-06-16")
    before = book.add(product="Django", version="5.2.8", released="2025-12-14")
    assert "適用の要否が決まっていません" in book.row(inside)
    assert "適用の要否" not in book.row(outside)
    assert "適用の要否" not in book.row(before)
    assert "判断の理由" in book.edit(inside, decision="適用する")
    book.edit(inside, decision="適用する", reason="修正を含む", decided=ago(60))
    assert "30日を過ぎて適用していません" in book.row(inside)
    book.edit(inside, applied=ago(20), result="良好")
    assert "不備" not in book.row(inside)


@pytest.mark.req("S-NET-002")
def test_a_shared_device_says_when_and_with_whom_it_was_confirmed(alone):
    book = Book(alone, "shared_network")
    number = book.add(device="教育用スイッチ", scope="幹線")
    assert "確認日と相手の記録がありません" in book.row(number)
    book.edit(number, confirmed=ago(3), person="教育網保守 田中", operator="教育網保守")
    assert "不備" not in book.row(number)


@pytest.mark.req("S-OPS-001")
def test_what_is_maintained_is_what_is_there_and_a_change_and_its_manual_have_one_number(alone):
    book, changes = Book(alone, "maintained"), Book(alone, "changes")
    rows = book.sheet()
    assert {row["区分"] for row in rows} == {"機器", "ソフトウェア", "網", "手引き"}
    assert {host.name for host in load("nagano").hosts} <= {row["対象"] for row in rows}
    assert book.lacks("現物にあって一覧にない対象") == 0
    assert book.lacks("一覧にあって現物にない対象") == 0
    assert all(row["契約"] and row["期限"] and row["連絡先"] for row in rows)
    extra = book.add(name="撤去した装置", kind="機器", contact="保科")
    assert book.lacks("一覧にあって現物にない対象") == 1
    book.edit(extra, gone=ago(1))
    assert book.lacks("一覧にあって現物にない対象") == 0

    number = changes.add(title="待ち時間の変更", reason="混雑", target="app1", planned=ahead(3), manual="必要")
    assert "承認を受けてから実施日" in changes.edit(number, done=ago(0))
    changes.approve(number)
    changes.edit(number, done=ago(0), result="良好")
    assert "手引きが改訂されていません" in changes.row(number)
    changes.edit(number, revised="貸出の窓口", revised_on=ago(0))
    assert "不備" not in changes.row(number)
    book.edit(rows[0]["番号"], change=number)
    manual = next(row["番号"] for row in rows if row["区分"] == "手引き")
    book.edit(manual, change=number)
    page = changes.page(f"{number}/")
    assert rows[0]["番号"] in page
    assert manual in page


@pytest.mark.req("S-OPS-004")
def test_every_event_out_of_hours_has_a_contact_a_first_step_and_a_goal(alone):
    book = Book(alone, "emergency")
    rows = book.sheet()
    assert book.lacks("連絡先と初動の決まっていない事案") == 0
    assert len(rows) >= 10
    for row in rows:
        assert row["連絡先"]
        assert row["初動"]
        assert row["目標時間（分）"] == 60
    for key, label in (("contact", "連絡先"), ("first", "初動"), ("minutes", "目標時間（分）")):
        given = {
            "event": "停電",
            "criterion": "全館",
            "contact": "小林",
            "phone": "1",
            "first": "電話",
            "minutes": "60",
        }
        assert f"{label}を入力してください" in book.refused(**{**given, key: ""})
    assert "時間外緊急対応表" in words(alone.load(book.path("papers/table/")))


@pytest.mark.req("S-OPS-008")
def test_work_of_the_year_that_has_no_record_stands_out(alone):
    book = Book(alone, "annual")
    number = book.add(work="消防設備の停電試験", planned=ago(5), procedure="停電", owner="小林")
    assert "実施の記録がありません" in book.row(number)
    assert "実施した人と結果" in book.edit(number, done=ago(4))
    book.edit(number, done=ago(4), doer="小林", result="良好")
    assert "期限超過" not in book.row(number)
    assert number in book.page("?only=settled")


def test_a_csv_of_a_register_has_its_labels_and_its_numbers(alone):
    content = alone.load("/registers/emergency/sheet/csv/").decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(content)))
    assert re.fullmatch(r"KQ-\d{4}-\d{4}", rows[0]["番号"])
    assert rows[0]["目標時間（分）"] == "60"
