"""The three roles: the auditor sees every record and changes none; only administrators change accounts."""

from __future__ import annotations

import io
import re
import sqlite3
from collections import deque

import pytest
from openpyxl import load_workbook

# Tables that change when somebody merely signs in and reads.
OF_READING = {"django_session", "auth_user", "operations_signinmiss", "sqlite_sequence"}
# Pages only for administrators (searching the logs): the auditor is shown what they recorded and what was disposed of.
NOT_FOR_AUDITORS = re.compile(r"^/logs/(?!disposals/)")


def shape(path: str) -> str:
    """Pages that differ only by the record, or by the register, are one."""
    return re.sub(r"/registers/[a-z_0-9]+", "/registers/x", re.sub(r"[A-Z]{2}-\d{4}-\d+|\d+", "0", path))


def crawl(client, start: str = "/") -> tuple[set[str], set[str]]:
    """A page of each shape that links lead to, and an address of each shape that a form is sent to."""
    seen, forms, waiting = {shape(start): start}, {}, deque([start])
    while waiting:
        path = waiting.popleft()
        status, page = client.get(path)
        assert status == 200, path
        for form in re.findall(r'<form[^>]*method="post"[^>]*>', page):
            action = re.search(r'action="([^"]*)"', form)
            sent = action[1] if action and action[1] else path
            forms.setdefault(shape(sent), sent)
        for link in re.findall(r'<a [^>]*href="(/[^"#?]*)', page):
            if shape(link) not in seen and "." not in link.rpartition("/")[2]:
                seen[shape(link)] = link
                waiting.append(link)
    return set(seen.values()), set(forms.values()) - {"/sign-out/", "/sign-in/"}


def kept(console) -> dict[str, list[tuple]]:
    """Everything in the console's database but what reading itself writes."""
    with sqlite3.connect(f"file:{console.folder}/console.sqlite3?mode=ro", uri=True) as base:
        names = [row[0] for row in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: base.execute(f'SELECT * FROM "{name}"').fetchall() for name in names if name not in OF_READING}


@pytest.fixture(scope="module")
def filled(alone):
    """A console with a record of each kind that takes no more than one form."""
    moment = {"received_at": "2026-11-19T10:00", "responded_at": "2026-11-19T10:01"}
    incident = {"kind": "fault", "title": "監査の障害", "source": "telephone", "severity": "minor", **moment}
    assert "受け付けました" in alone.send("/incidents/new/", incident)[1]
    inquiry = {"way": "mail", "sender": "窓口", "subject": "監査の問合せ", "text": "本文", **moment}
    assert "受け付けました" in alone.send("/inquiries/new/", inquiry)[1]
    treatment = {"host": "db1", "mountpoint": "/", "analysis": "監査の処置", "act": "整理", "free_gib": "1"}
    assert "登録しました" in alone.send("/treatments/", treatment)[1]
    return alone


@pytest.mark.req("S-ISM-014")
def test_the_auditor_reads_every_page_and_no_form_of_any_page_changes_anything(filled):
    auditor = filled.signed_in("auditor")
    pages, forms = crawl(filled)
    assert {"/incidents/", "/works/", "/inspections/", "/stops/", "/updates/", "/accounts/", "/trail/"} <= pages
    assert {"/incidents/new/", "/treatments/", "/accounts/", "/levels/measure/"} <= forms
    before = kept(filled)
    for path in sorted(pages):
        expected = 403 if NOT_FOR_AUDITORS.match(path) else 200
        assert auditor.get(path)[0] == expected, path
    for path in sorted(forms):
        # With the token of a page and the same words as anybody: it is the role that is refused.
        status, page = auditor.send(path, {"name": "x", "title": "x", "state": "approved"}, at="/")
        assert (status, "この操作は許可されていません" in page) == (403, True), path
    assert kept(filled) == before
    assert '<form method="post" class="card">' not in auditor.get("/incidents/")[1]


@pytest.mark.req("S-ISM-014")
def test_records_rights_and_registers_come_in_one_workbook(filled):
    auditor = filled.signed_in("auditor")
    book = load_workbook(io.BytesIO(auditor.load("/audit/records.xlsx")))
    for name in ("利用者と役割", "障害", "問合せ", "作業", "定期点検", "分析と処置", "計画停止", "操作の記録"):
        assert name in book.sheetnames
    text = {name: str(list(book[name].values)) for name in book.sheetnames}
    assert "監査の障害" in text["障害"]
    assert "監査の問合せ" in text["問合せ"]
    assert all(role in text["利用者と役割"] for role in ("管理者", "運用担当", "監査"))
    assert "incident.opened" in text["操作の記録"]
    registers = filled.records()["registers"]
    for register in registers.values():
        assert any(name.startswith("台帳 ") and register["title"][:20] in name for name in book.sheetnames), register[
            "title"
        ]


@pytest.mark.req("S-ISM-014")
def test_the_record_of_acts_cannot_be_changed_even_in_the_database(filled):
    with sqlite3.connect(f"{filled.folder}/console.sqlite3", timeout=20) as base:
        for statement in ("UPDATE operations_act SET actor = 'x'", "DELETE FROM operations_act"):
            with pytest.raises(sqlite3.IntegrityError, match="only added to"):
                base.execute(statement)


def test_only_the_administrator_makes_accounts_and_nobody_loses_the_last_one(filled):
    form = {"name": "newcomer", "role": "auditor", "password": "a long enough phrase", "active": "on"}
    operator = filled.signed_in("operator")
    assert operator.send("/accounts/", form, at="/incidents/new/")[0] == 403
    assert "登録しました" in filled.send("/accounts/", form)[1]
    fresh = filled.stranger()
    assert "サインアウト" in fresh.sign_in(password="a long enough phrase", name="newcomer")[1]
    own = {"name": "administrator", "role": "operator", "password": "", "active": "on"}
    assert "自分自身の管理者" in filled.send("/accounts/", own)[1]
    assert "account.put" in filled.get("/trail/?subject=account/newcomer")[1]
    filled.send("/accounts/", {**form, "password": "", "active": ""})
    assert fresh.get("/incidents/")[1].count('name="password"') == 1  # out at once
