"""Personal information, information assets and people: the registers of PRV, ISM and TRN, on the real forms."""

import re
from datetime import date, timedelta

import pytest

from app.registers.tests.book import TODAY, Book, ago, ahead, operator, words
from inventory import load


@pytest.mark.req("S-PRV-003")
def test_personal_rights_for_whom_the_city_has_not_consented_to_are_warned_of(alone):
    companies, assets, grants = (Book(alone, name) for name in ("subcontracts", "assets", "grants"))
    given = {"company": "戊データ", "scope": "利用者データの移行", "share": "5", "personal": "on"}
    assert "扱う個人情報の範囲を入力してください" in companies.refused(**given)
    number = companies.add(**given, personal_scope="氏名・住所")
    asset = assets.add(asset="移行前の利用者", kind="利用者情報", personal="on", purpose="移行")
    _, text = grants.form("new/", "new/", {
        "asset": asset, "person": "戊野", "company": "戊データ", "role": "運用", "personal": "on", "granted": ago(1),
    })  # fmt: skip
    assert "市の承諾のない再委託先に個人情報の権限を付けています" in text
    grant = re.search(r"SK-\d{4}-\d{4}", text)[0]
    companies.approve(number)
    assert "市の承諾のない" not in grants.row(grant)
    grants.edit(grant, company="知らない会社")
    assert "市の承諾のない" in grants.row(grant)
    grants.edit(grant, gone="on")


@pytest.mark.req("S-PRV-005")
def test_a_copy_of_personal_information_has_the_day_of_consent_and_of_disposal(alone):
    book = Book(alone, "copies")
    given = {"content": "督促一覧", "purpose": "発送", "number_of": "1", "place": "金庫", "keeper": "丸山"}
    number = book.add(**given, due=ago(1))
    assert "市の承諾日がありません" in book.row(number)
    assert "廃棄日がありません" in book.row(number)
    assert "承諾を受けてから複製日" in book.edit(number, made=ago(3))
    book.approve(number)
    book.edit(number, made=ago(3))
    assert "廃棄の期限を過ぎています" in book.row(number)
    book.edit(number, disposed=ago(0), method="裁断")
    assert "不備" not in book.row(number)
    assert "期限超過" not in book.row(number)
    assert TODAY.isoformat() in book.page(f"{number}/")


@pytest.mark.req("S-PRV-007")
def test_what_is_to_go_back_or_be_destroyed_has_its_day(alone):
    book = Book(alone, "returns")
    given = {"content": "旧利用者票", "medium": "紙", "quantity": "300", "ordered": ago(20), "order": "廃棄"}
    number = book.add(**given, due=ago(1))
    assert "返還・廃棄の日付がありません" in book.row(number)
    assert book.row(number).startswith("[late]")
    assert "指示は廃棄です" in book.edit(number, returned=ago(2))
    book.edit(number, disposed=ago(2))
    assert "不備" not in book.row(number)
    assert "個人情報返還・廃棄報告書" in words(alone.load(book.path(f"{number}/papers/report/")))


@pytest.mark.req("S-PRV-008", "S-ISM-006")
def test_nothing_is_taken_out_without_a_number(alone):
    book = Book(alone, "takeouts")
    given = {
        "asset": "利用者バックアップ", "kind": "持出し", "personal": "on", "purpose": "遠隔保管", "content": "媒体1本",
        "measure": "暗号化", "destination": "保管庫", "person": "小林", "planned": ago(2), "due": ago(1),
    }  # fmt: skip
    assert "承認番号のない持出し・複写はできません" in book.refused(**given, taken=ago(2))
    number = book.add(**given)
    assert "承認番号のない" in book.edit(number, taken=ago(2))
    assert "次の決裁：<b>情報管理責任者の確認" in book.act(number, "apply")
    second = book.add(**given)
    Book(operator(alone), "takeouts").act(second, "apply")
    one = book.act(second, "yes", person="情報管理責任者", on=TODAY.isoformat())
    assert "市の承認" in one
    assert "承認番号のない" in book.edit(second, taken=ago(2))
    book.act(second, "yes", person="長野市 宮下", on=TODAY.isoformat())
    assert "変更しました" in book.edit(second, taken=ago(2))
    assert "戻す予定日を過ぎています" in book.row(second)
    taken = [row for row in book.sheet() if row["実施日"]]
    assert taken
    assert all(row["決裁番号"] for row in taken)


@pytest.mark.req("S-ISM-001")
def test_a_notice_keeps_the_version_before_and_the_newest_names_every_place(alone):
    book = Book(alone, "notices")
    places = list(dict.fromkeys(host.place.name if host.place else "データセンター" for host in load("nagano").hosts))
    given = {"subject": "保守業務", "person": "保科 理恵", "work": "保守", "handed": ago(30)}
    number = book.add(**given, places=places[:2])
    assert book.lacks("最新の通知書にない作業場所") == len(places) - 2
    book.edit(number, places=places, handed=ago(1), _reason="作業場所の追加")
    assert book.lacks("最新の通知書にない作業場所") == 0
    first = words(alone.load(book.path(f"{number}/papers/notice/?version=1")))
    newest = words(alone.load(book.path(f"{number}/papers/notice/")))
    assert "（第1版）" in first
    assert places[-1] not in first
    assert all(place in newest for place in places)


@pytest.mark.req("S-ISM-003")
def test_every_asset_has_a_permitter_and_a_way_and_the_book_agrees_with_the_accounts_there_are(alone):
    assets, grants = Book(alone, "assets"), Book(alone, "grants")
    asset = assets.add(asset="監視の記録", kind="記録・ログ", purpose="運用")
    assert "許可者と接近方法がありません" in assets.row(asset)
    assets.edit(asset, permitter="長野市 宮下", way="コンソール（https）", watch="操作の記録")
    before = grants.lacks("登録簿にない、コンソールの実際の利用者")
    assert before == 3
    common = {"asset": asset, "company": "蔵システム株式会社", "granted": ago(1)}
    roles = {"administrator": "管理", "operator": "運用", "auditor": "閲覧"}
    made = {a: grants.add(person=a, account=a, role=role, **common) for a, role in roles.items()}
    assert grants.lacks("登録簿にない、コンソールの実際の利用者") == 0
    assert not any("不備" in grants.row(number) for number in made.values())
    assert "不備" not in assets.row(asset)
    grants.edit(made["auditor"], role="管理")
    assert "コンソールの実際の役割と違います" in grants.row(made["auditor"])
    grants.edit(made["auditor"], role="閲覧", account="nobody")
    assert "コンソールにこの利用者はいません" in grants.row(made["auditor"])
    assert grants.lacks("登録簿にない、コンソールの実際の利用者") == 1
    grants.edit(made["auditor"], account="auditor")


@pytest.mark.req("S-ISM-005")
def test_who_has_left_has_no_right_the_day_after(alone):
    people, assets, grants = (Book(alone, name) for name in ("people", "assets", "grants"))
    asset = assets.add(asset="書誌の控え", kind="書誌・所蔵", provided="on", purpose="試験")
    given = {"company": "蔵システム株式会社", "begin": ago(400), "oath": ago(401)}
    person = people.add(person="去野", account="operator", left=ago(1), kept_on=ago(1), **given)
    grant = grants.add(asset=asset, person="去野", company="蔵システム株式会社", role="閲覧", granted=ago(100))
    assert "退任した人の権限が残っています" in people.row(person)
    assert "退任した人の許可が残っています" in people.row(person)
    assert "退任した人の許可が残っています" in grants.row(grant)
    grants.edit(grant, gone="on")
    people.edit(person, account="")
    assert "退任した人" not in people.row(person)
    assert "退任した人" not in grants.row(grant)
    staying = people.add(person="居野", account="operator", left=ago(0), **given)
    assert "退任した人の権限" not in people.row(staying)
    people.act(staying, "void", reason="試験の終わり")
    people.act(person, "void", reason="試験の終わり")


@pytest.mark.req("S-ISM-011", "S-ISM-004")
def test_everybody_on_the_list_has_sworn_and_was_taught_within_the_year(alone):
    people, lessons = Book(alone, "people"), Book(alone, "education")
    names = [row["氏名"] for row in people.sheet()]
    assert {contact.person for contact in load("nagano").contacts.roles} <= set(names)
    missing = "この1年に受講の記録がない従事者"
    assert lessons.lacks(missing) == len(names)
    new = people.add(person="新野", company="蔵システム株式会社", begin=ago(10))
    assert "守秘の誓約日がありません" in people.row(new)
    people.edit(new, oath=ago(11))
    assert "不備" not in people.row(new)
    gone = people.edit(new, left=ago(2))
    assert "退任後の守秘の継続を確認していません" in gone
    people.edit(new, kept_on=ago(2))
    assert "守秘に関する誓約書" in words(alone.load(people.path(f"{new}/papers/oath/")))
    names.append("新野")
    old = {"教育の内容": "情報の取扱い", "実施日": ago(370), "受講者": "新野", "結果（理解度の確認）": "合格"}
    rows = [{**old, "実施日": ago(30), "受講者": name} for name in names[:-1]]
    assert lessons.take_in([old, *rows])[0] == 200
    assert lessons.lacks(missing) == 1
    lessons.add(subject="情報の取扱い", held=ago(5), person="新野", result="合格")
    assert lessons.lacks(missing) == 0
    strange = lessons.add(subject="情報の取扱い", held=ago(5), person="名簿にない人", result="合格")
    assert "従事者名簿にない受講者です" in lessons.row(strange)


@pytest.mark.req("S-ISM-007")
def test_what_is_brought_in_was_inspected_and_approved_first(alone):
    book = Book(alone, "bring_ins")
    given = {"device": "ノート", "serial": "B-1", "person": "保科", "purpose": "試験", "measures": "更新済み"}
    number = book.add(**given)
    assert "検査日がありません" in book.row(number)
    assert "承認日がありません" in book.row(number)
    assert "検査と承認の後に持込み日" in book.edit(number, brought=ago(0))
    book.edit(number, inspected=ago(1), inspector="小林")
    book.approve(number)
    assert "変更しました" in book.edit(number, brought=ago(0))
    assert "不備" not in book.row(number)


@pytest.mark.req("S-ISM-008")
def test_a_month_without_a_look_is_named_and_so_is_a_difference(alone):
    book = Book(alone, "custody")
    start = load("nagano").contract.service_from
    months, day = [], start
    while (day.year, day.month) < (TODAY.year, TODAY.month):
        months.append(day)
        day = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    assert book.lacks("点検記録のない月") == len(months) > 6
    line = {"保管場所": "金庫", "鍵の管理者": "小林", "台帳の数": 4, "現物の数": 4, "点検した人": "保科"}
    status, text = book.take_in([{**line, "点検日": date(m.year, m.month, 28).isoformat()} for m in months])
    assert status == 200, text[-400:]
    assert book.lacks("点検記録のない月") == 0
    number = book.add(day=ago(0), place="金庫", lock="小林", listed_number="4", there="3", person="保科")
    assert "台帳と現物に差異があります" in book.row(number)
    book.edit(number, action="机にあった", resolved=ago(0))
    assert "不備" not in book.row(number)


@pytest.mark.req("S-ISM-009")
def test_a_receipt_is_one_press_and_its_copies_stay_in_order(alone):
    book = Book(alone, "receipts")
    given = {
        "quantity": "2",
        "received": ago(1),
        "giver": "丸山",
        "receiver": "保科",
        "place": "金庫",
        "purpose": "移行",
    }
    first, second = (book.add(item=item, **given) for item in ("旧データ媒体", "設定票"))
    texts = [words(book.issue(number, "receipt")) for number in (first, second)]
    assert "受領証" in texts[0]
    assert "旧データ媒体" in texts[0]
    assert "上記のとおり受領しました" in texts[0]
    copies = re.findall(r"/registers/issued/(JR-RECEIPT-\d{4}-\d{4})/", book.page())
    assert copies == sorted(copies)
    assert len(set(copies)) == 2
    assert int(copies[1][-4:]) == int(copies[0][-4:]) + 1
    book.edit(first, item="別の品")
    assert "旧データ媒体" in words(alone.load(f"/registers/issued/{copies[0]}/"))


@pytest.mark.req("S-ISM-010")
def test_every_old_machine_has_a_certificate_with_the_serial_of_the_book(alone):
    old, book = Book(alone, "old_devices"), Book(alone, "erasures")
    for serial in ("OLD-1", "OLD-2"):
        old.add(device="旧サーバ", serial=serial, place="長野図書館", storage="あり", removed=ago(9))
    assert book.lacks("証明書のない旧機器") == 2
    given = {"device": "旧サーバ", "kind": "消去", "old": "on"}
    done = {"method": "上書き", "erased": f"{ago(3)}T10:30", "person": "保科", "witness": "丸山"}
    strange = book.add(serial="OLD-9", **given, **done)
    assert "製番が機器台帳・旧機器の台帳にありません" in book.row(strange)
    first = book.add(serial="OLD-1", **given)
    assert "方法・日時・実施者がありません" in book.row(first)
    book.edit(first, **done)
    assert "証明書を発行していません" in book.row(first)
    text = words(book.issue(first, "certificate"))
    for part in ("データ消去証明書", "OLD-1", f"{ago(3)} 10:30", "上書き", "保科"):
        assert part in text
    assert "不備" not in book.row(first)
    assert book.lacks("証明書のない旧機器") == 1
    second = book.add(serial="OLD-2", **given, **done)
    book.issue(second, "certificate")
    assert book.lacks("証明書のない旧機器") == 0


@pytest.mark.req("S-ISM-012")
def test_each_subcontractor_was_looked_at_in_eight_things_and_told(alone):
    companies, book = Book(alone, "subcontracts"), Book(alone, "levels")
    before = book.lacks("水準を確認していない再委託先")
    companies.add(company="己工業", scope="棚", share="1")
    assert book.lacks("水準を確認していない再委託先") == before + 1
    keys = ("organisation", "education", "secrecy", "access", "custody", "erasure", "technical", "incident")
    number = book.add(company="己工業", checked=ago(2), **dict.fromkeys(keys[:7], "適"))
    assert "8項目の確認がそろっていません" in book.row(number)
    assert "規定の説明日がありません" in book.row(number)
    book.edit(number, incident="否", explained=ago(1))
    assert "否の項目の是正がありません" in book.row(number)
    book.edit(number, action="連絡網を作らせた")
    assert "不備" not in book.row(number)
    assert book.lacks("水準を確認していない再委託先") == before


@pytest.mark.req("S-ISM-013")
def test_both_sides_contacts_have_a_day_and_reporting_is_practised_each_year(alone):
    book, drills = Book(alone, "contacts"), Book(alone, "report_drills")
    rows = book.sheet()
    assert {row["所属"] for row in rows} >= {"長野市", "蔵システム株式会社"}
    assert all("更新日がありません" in book.row(row["番号"]) for row in rows)
    assert book.lacks("この1年に見直していない連絡先") == len(rows)
    assert book.take_in([{"番号": row["番号"], "更新日": ago(10)} for row in rows])[0] == 200
    assert book.lacks("この1年に見直していない連絡先") == 0
    book.edit(rows[0]["番号"], updated=ago(400))
    assert "1年以上見直していません" in book.row(rows[0]["番号"])
    missing = "この1年に行っていない報告の訓練"
    assert drills.lacks(missing) == 2
    given = {"minutes": "8", "present": "小林、宮下", "result": "良好"}
    drills.add(held=ago(400), kind="緊急の報告", **given)
    assert drills.lacks(missing) == 2
    drills.add(held=ago(30), kind="緊急の報告", **given)
    drills.add(held=ago(30), kind="定期の報告", **given)
    assert drills.lacks(missing) == 0
    assert "報告の訓練" in words(alone.load(book.path("papers/table/")))


@pytest.mark.req("S-TRN-001")
def test_every_task_has_material_and_all_sixty_five_were_trained_and_examined(alone):
    book, materials = Book(alone, "training"), Book(alone, "training_materials")
    tasks = materials.lacks("教材のない業務")
    assert tasks >= 10
    names = re.findall(r'<option value="([^"]+)">', materials.page("new/"))
    names = list(
        dict.fromkeys(
            name
            for name in names
            if name in "窓口予約利用者目録発注・受入逐次刊行物蔵書点検除籍相互貸借レファレンス広報統計管理"
        )
    )
    rows = [{"業務": name, "教材": f"{name}の手引き", "練習データ": "練習用の図書館"} for name in names]
    assert materials.take_in(rows)[0] == 200
    assert materials.lacks("教材のない業務") == 0
    over = materials.sheet()[0]["番号"]
    materials.edit(over, begin=ago(40), end=ago(20))
    assert "およそ1週間を超えています" in materials.row(over)

    short = "受講と習得の確認が済んでいない人数"
    assert "あと65人（0／65）" in book.page()
    people = [
        {"職員": f"職員{at:02d}", "勤務館": "長野図書館", "業務": "、".join(names), "受講日": ago(20)}
        for at in range(65)
    ]
    status, text = book.take_in(people)
    assert status == 200, text[-500:]
    assert "あと65人" in book.page()
    assert "習得を確認していません" in book.row(book.numbers()[0])
    done = [{"番号": number, "習得の確認日": ago(15), "習得を確認した人": "丸山"} for number in book.numbers()]
    assert book.take_in(done[:-1])[0] == 200
    assert "あと1人（64／65）" in book.page()
    assert book.take_in(done[-1:])[0] == 200
    assert book.lacks(short) == 0
    assert book.lacks("教材があって受講者のいない業務") == 0
    assert "操作研修実施報告書" in words(alone.load(book.path("papers/attendance/")))


@pytest.mark.req("S-TRN-002")
def test_the_first_fifty_opening_days_are_counted_by_the_calendar_with_questions_by_day_and_the_most_asked(alone):
    book, closures = Book(alone, "helpdesk"), Book(alone, "closures")
    contract = load("nagano").contract
    weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    opened = {weekdays.index(day) for day in contract.support_hours.weekdays}

    def fiftieth(closed):
        day, count = contract.service_from, 0
        while True:
            count += day.weekday() in opened and day not in closed
            if count == 50:
                return day
            day += timedelta(days=1)

    given = {"from_whom": "長野図書館", "question": "どう操作するか", "outcome": "電話で解決", "answer": "F2を押す"}
    last = fiftieth(set())
    first = book.add(received=last.isoformat(), answered=last.isoformat(), subject="貸出の取消", **given)
    page = book.page(f"{first}/")
    assert last.isoformat() in page
    holiday = contract.service_from + timedelta(days=14)
    while holiday.weekday() not in opened:
        holiday += timedelta(days=1)
    closures.add(day=holiday.isoformat(), reason="年末年始")
    assert fiftieth({holiday}).isoformat() in book.page(f"{first}/")
    late = (fiftieth({holiday}) + timedelta(days=1)).isoformat()
    outside = book.add(received=late, answered=late, subject="延長", **given)
    marks = {row["番号"]: row["期間内"] for row in book.sheet()}
    assert (marks[first], marks[outside]) == ("はい", "いいえ")
    for _ in range(2):
        book.add(received=last.isoformat(), answered=last.isoformat(), subject="予約の順", **given)
    text = words(alone.load(book.path("papers/daily/")))
    assert re.search(rf"{last.isoformat()}\n3\n", text)
    assert "多かった質問（上位20）" in text
    assert re.search(r"1\n予約の順\n2\n2\n(貸出の取消|延長)\n1", text)
    assert first in book.page("?q=%E8%B2%B8%E5%87%BA%E3%81%AE%E5%8F%96%E6%B6%88")


@pytest.mark.req("S-TRN-003")
def test_a_question_that_is_visited_has_the_time_of_arrival_and_what_came_of_it(alone):
    book = Book(alone, "helpdesk")
    given = {"received": ago(1), "from_whom": "芹田分室", "subject": "印刷", "question": "印刷できない"}
    assert "回答と回答日を入力してください" in book.refused(**given, outcome="電話で解決")
    number = book.add(**given, outcome="訪問へ切替え")
    assert "訪問の到着時刻と結果がありません" in book.row(number)
    book.edit(number, visitor="小林", arrived=f"{ago(0)}T09:40", result="用紙を替えた")
    assert "不備" not in book.row(number)
    assert f"{ago(0)} 09:40" in book.row(number)
    open_ = book.add(**{**given, "received": ago(20)}, outcome="対応中")
    assert "2開館日を過ぎて解決していません" in book.row(open_)


def test_the_console_hands_every_register_to_the_reports(alone):
    found = alone.records()["registers"]
    assert found["equipment"]["title"] == "機器台帳"
    assert found["equipment"]["rows"][0]["values"]["name"]
    assert {field["key"] for field in found["takeouts"]["fields"]} >= {"asset", "taken"}
    assert ahead(0) == TODAY.isoformat()
