"""Progress, contract and talks: the registers of the rows PRJ and DEL, on the real forms."""

import re
import urllib.parse
import urllib.request

import pytest

from app.registers.schema import definitions
from app.registers.tests.book import TODAY, Book, ago, ahead, operator, words


@pytest.mark.req("S-PRJ-001")
def test_the_schedule_has_the_contracts_milestones_and_late_work_stands_out_by_itself(alone):
    book = Book(alone, "schedule")
    page = book.page()
    assert re.search(r"構築完了.*?2025-12-14", page, re.DOTALL)
    assert re.search(r"本稼働開始.*?2025-12-15", page, re.DOTALL)
    late = book.add(task="配線工事", owner="保科", begin=ago(30), due=ago(1))
    well = book.add(task="受入試験", owner="小林", begin=ahead(5), due=ahead(10), before=[late])
    early = book.add(task="検収", owner="小林", due=ahead(3), before=[well])
    assert book.row(late).startswith("[late]")
    assert "完了予定日を過ぎています" in book.row(late)
    assert "期限超過" not in book.row(well)
    assert "先に終える作業の予定がこの作業より後です" in book.row(early)
    assert late in book.page("?only=late")
    assert well not in book.page("?only=late")
    book.edit(late, done=ago(0))
    assert "期限超過" not in book.row(late)
    assert "開始予定が完了予定より後です" in book.refused(task="x", owner="y", begin=ahead(2), due=ahead(1))


@pytest.mark.req("S-PRJ-002")
def test_the_inspection_is_complete_only_when_every_requirement_passed_and_nothing_is_uncorrected(alone):
    book = Book(alone, "acceptance")
    rows = book.sheet()
    assert book.lacks("検査結果のない要件") == len(rows) > 500
    close = {"what": "close", "person": "長野市 宮下", "on": TODAY.isoformat()}
    done = {"検査日": ago(3), "検査した人": "丸山"}
    sheet = [{"番号": r["番号"], "結果": "適合", "指摘": "", **done} for r in rows]
    sheet[0] = {"番号": rows[0]["番号"], "結果": "不適合", "指摘": "表示が欠ける", **done}
    status, text = book.take_in(sheet[:-1])
    assert status == 200, text[-600:]
    assert book.lacks("検査結果のない要件") == 1
    assert "締められません" in book.form("together/", "", close)[1]
    assert book.take_in(sheet[-1:])[0] == 200
    assert "指摘が補正されていません" in book.row(rows[0]["番号"])
    assert "不備のある行が1件" in book.form("together/", "", close)[1]
    book.edit(rows[0]["番号"], corrected=ago(2), correction="直した", again=ago(1), again_result="不適合")
    assert "締められません" in book.form("together/", "", close)[1]
    book.edit(rows[0]["番号"], again_result="適合")
    assert "台帳を締めました" in book.form("together/", "", close)[1]
    assert "締めを解いてください" in book.edit(rows[1]["番号"], result="不適合", finding="後から")
    assert "締めを解きました" in book.form("together/", "", {"what": "reopen", "reason": "再検査"})[1]
    text = words(alone.load(book.path("papers/summary/")))
    assert "検査結果のない要件：0件" in text


@pytest.mark.req("S-PRJ-003")
def test_the_day_a_nonconformity_was_known_gives_its_deadline_a_year_later(alone):
    book = Book(alone, "nonconformity")
    number = book.add(content="印字ずれ", known="2024/2/29")
    assert "2025-02-28" in book.row(number)
    assert book.row(number).startswith("[late]")
    number = book.add(content="時刻ずれ", known="令和8年7月1日")
    assert "2027-07-01" in book.row(number)
    assert "知った日が先の日付です" in book.refused(content="x", known=ahead(1))


@pytest.mark.req("S-PRJ-004")
def test_talks_are_found_by_the_day_of_agreement_and_by_what_was_decided(alone):
    book = Book(alone, "consultations")
    number = book.add(
        point="閲覧席の予約", raised="2026-01-10", raiser="丸山", agreed="2026-02-03", decision="30分単位"
    )
    other = book.add(point="印刷の色", raised="2026-01-11", raiser="丸山")
    for words_ in ("2026-02-03", "30分単位"):
        page = book.page(f"?q={urllib.parse.quote(words_)}")
        assert number in page
        assert other not in page
    assert "決定事項を入力" in book.refused(point="x", raised="2026-01-10", raiser="y", agreed="2026-02-03")


@pytest.mark.req("S-PRJ-007")
def test_a_disclosure_without_a_number_is_shown_as_not_consented(alone):
    book = Book(alone, "disclosures")
    number = book.add(item="構成図", kind="開示", recipient="電気工事店", purpose="工事", done=ago(1))
    assert "未承諾" in book.row(number)
    assert "未承諾のまま実施しています" in book.row(number)
    book.approve(number)
    assert "承諾済" in book.row(number)
    assert "未承諾" not in book.row(number)
    assert re.search(r"承諾-\d{4}-KJ-\d{3}", book.page(f"{number}/"))
    assert "開示・複製承諾申請書" in words(alone.load(book.path(f"{number}/papers/application/")))


@pytest.mark.req("S-PRJ-008")
def test_a_borrowed_thing_is_found_with_its_place_and_stands_out_when_it_is_due_back(alone):
    book = Book(alone, "borrowed")
    common = {"quantity": "1", "keeper": "保科", "due": ago(1), "borrowed": ago(20)}
    number = book.add(item="平面図綴り", place="書庫7の棚2", **common)
    _, page = alone.get("/registers/search/?q=%E5%B9%B3%E9%9D%A2%E5%9B%B3")
    assert "書庫7の棚2" in page
    assert book.row(number).startswith("[late]")
    book.edit(number, returned=ago(0), receiver="丸山")
    assert "期限超過" not in book.row(number)
    text = words(book.issue(number, "back"))
    assert "返却書" in text
    assert "平面図綴り" in text


@pytest.mark.req("S-PRJ-010")
def test_subcontracts_of_half_or_more_are_warned_of_and_so_is_a_whole_one(alone):
    book = Book(alone, "subcontracts")
    there = sum(row["金額割合"] for row in book.sheet())
    first = book.add(company="甲電設", scope="配線", share=str(30 - there))
    assert "50%以上" not in book.row(first)
    status, text = book.form("new/", "new/", {"company": "乙機器", "scope": "設置", "share": "20"})
    assert status == 200
    assert "再委託の割合の合計が50%以上です" in text
    second = re.search(r"SI-\d{4}-\d{4}", text)[0]
    assert "50%以上" in book.row(first)
    book.edit(second, share="19.5")
    assert "50%以上" not in book.row(first)
    whole = book.add(company="丙商会", scope="全部", share="0", whole="on")
    assert "一括の再委託はできません" in book.row(whole)
    assert "市の承諾がありません" in book.row(first)
    book.approve(first)
    assert "市の承諾がありません" not in book.row(first)


@pytest.mark.req("S-PRJ-011")
def test_the_ordinance_was_made_known_and_the_papers_are_handed_in_in_their_numbers(alone):
    book, papers = Book(alone, "ordinance"), Book(alone, "submissions")
    number = book.add(company="丁工務店", role="下請")
    for text in ("周知日と掲示場所がありません", "下請けへの説明日がありません"):
        assert text in book.row(number)
    book.edit(number, told=ago(9), posted="現場事務所", explained=ago(8), workers="4")
    assert "不備" not in book.row(number)
    needed = {row["書類"]: row for row in papers.sheet()}
    assert needed["労働環境報告書"]["必要部数"] == 1
    assert needed["業務体制図"]["必要部数"] == 2
    chart = needed["業務体制図"]["番号"]
    papers.edit(chart, copies="1", handed=ago(1))
    assert "部数が足りません" in papers.row(chart)
    papers.edit(chart, copies="2")
    assert "不備" not in papers.row(chart)
    report, structure = (words(alone.load(book.path(f"papers/{name}/"))) for name in ("labour", "structure"))
    assert "丁工務店" in report
    assert "従事者名簿" in structure
    assert "再委託台帳" in structure


@pytest.mark.req("S-PRJ-012")
def test_the_weekly_report_counts_issues_by_state_and_names_those_past_their_day(alone):
    book = Book(alone, "issues")
    before = words(alone.load(book.path("papers/weekly/")))
    count = {s: int(n) for s, n in re.findall(r"(未着手|対応中|確認待ち|完了)\n(\d+)", before)}
    late = book.add(title="棚番号の桁", status="対応中", owner="保科", raised=ago(20), due=ago(2))
    book.add(title="受付票の書式", status="対応中", owner="小林", raised=ago(20), due=ahead(9))
    book.add(title="色見本", status="完了", owner="小林", raised=ago(20), due=ago(9), done=ago(10))
    text = words(alone.load(book.path("papers/weekly/")))
    now = {s: int(n) for s, n in re.findall(r"(未着手|対応中|確認待ち|完了)\n(\d+)", text)}
    assert now["対応中"] == count["対応中"] + 2
    assert now["完了"] == count["完了"] + 1
    assert re.search(r"期限超過[1-9]", text)
    assert late in text
    assert "期限を過ぎています" in text
    for title in ("工程表", "リスク管理表", "品質記録", "変更管理表"):
        assert title in text


@pytest.mark.req("S-PRJ-015")
def test_every_requirement_has_a_chapter_and_the_day_of_approval(alone):
    book = Book(alone, "specification")
    rows = book.sheet()
    assert all(row["仕様書の章"] for row in rows)
    assert book.lacks("章の対応付けと承認日のない要件") == len(rows) > 500
    asked = Book(operator(alone), "specification").form("together/", "", {"what": "apply"})[1]
    assert f"{len(rows)}件を申請しました" in asked
    given = {"what": "yes", "person": "長野市 宮下", "on": TODAY.isoformat()}
    assert f"{len(rows)}件の決裁を記録しました" in book.form("together/", "", given)[1]
    assert book.lacks("章の対応付けと承認日のない要件") == 0
    assert len({row["決裁番号"] for row in book.sheet()}) == len(rows)
    assert TODAY.isoformat() in book.page(f"{rows[0]['番号']}/")


@pytest.mark.req("S-DEL-005", "S-OPS-010")
def test_homework_of_a_meeting_becomes_issues_and_the_next_meeting_begins_with_what_is_open(alone):
    book, issues = Book(alone, "meetings"), Book(alone, "issues")
    common = {"present": "丸山、小林", "agenda": "進み", "held": ago(7), "kind": "定例会", "incidents": "なし"}
    assert "前回までの課題の状況を入力してください" in book.refused(title="第1回", **common, previous="")
    number = book.add(title="第1回定例会", previous="初回", homework="書架の採寸\n配線図の更新", **common)
    page = book.page(f"{number}/")
    found = re.findall(r"(KD-\d{4}-\d{4}) (書架の採寸|配線図の更新)", page)
    assert {title for _, title in found} == {"書架の採寸", "配線図の更新"}
    first = found[0][0]
    assert number in issues.page(f"{first}/")
    assert f'/registers/issues/{first}/">' in page
    assert "未着手" in issues.row(first)
    count = len(issues.numbers())
    book.edit(number, decided="来週まで")
    assert len(issues.numbers()) == count
    following = book.page("new/")
    assert f"{first} 書架の採寸：" in following
    issues.edit(first, status="完了", done=ago(0), owner="保科", due=ago(0))
    assert f"{first} 書架の採寸：" not in book.page("new/")
    assert "議事録" in words(alone.load(book.path(f"{number}/papers/minutes/")))


@pytest.mark.req("S-OPS-013")
def test_a_proposal_of_conditions_says_five_things_and_keeps_what_was_said_before(alone):
    book = Book(alone, "conditions")
    five = {"target": "サーバ5台", "hours": "平日", "goal": "1時間", "excluded": "消耗品", "cost": "1,200,000"}
    for key in five:
        text = book.refused(title="案", talked=ago(9), outcome="協議中", **{**five, key: ""})
        assert f"{definitions()['conditions'].field(key).label}を入力してください" in text
    number = book.add(title="案", talked=ago(9), outcome="協議中", **five)
    book.edit(number, goal="30分", _reason="市の求め")
    page = book.page(f"{number}/")
    assert "<s>1時間</s> → 30分" in page
    text = words(alone.load(book.path(f"{number}/papers/proposal/?version=1")))
    assert "1時間" in text
    assert "30分" not in text
    assert "1,200,000 円" in text
