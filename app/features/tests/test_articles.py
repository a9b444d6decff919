"""Notices and pages: written without HTML, approved by another, shown by the clock."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from app.features import markup
from app.features.actions import articles
from app.features.models import Article, ArticleVersion
from app.features.queries import shown
from app.tests import make


def local(moment):
    return timezone.localtime(moment).strftime("%Y-%m-%dT%H:%M")


def draft(browser, title="年末年始の休館", body="12月29日から休みます。", publish=None, ends=None):
    data = {"title": title, "body": body, "publish_at": local(publish or timezone.now() - timedelta(minutes=5))}
    data |= {"ends_at": local(ends)} if ends else {}
    assert browser.post("/features/articles/new/news/", data).status_code == 302
    return ArticleVersion.objects.get(title=title)


def act(browser, version, do, **more):
    path = f"/features/articles/{version.article_id}/versions/{version.pk}/"
    seen = browser.get(f"/features/articles/{version.article_id}/").context["seen"]
    return browser.post(path, {"do": do, "seen": seen, **more}, follow=True).content.decode()


@pytest.mark.req("F-OPA-026")
@pytest.mark.django_db
def test_one_writes_another_approves_the_clock_publishes_and_takes_down():
    now = timezone.now()
    starts, ends = now + timedelta(hours=2), now + timedelta(days=3)
    writer, chief = make.client("counter"), make.client("librarian")
    version = draft(writer, publish=starts, ends=ends)
    act(writer, version, "propose")
    # The writer's role may not approve; a chief's own text waits for somebody else.
    assert (
        writer.post(f"/features/articles/{version.article_id}/versions/{version.pk}/", {"do": "approve"}).status_code
        == 403
    )
    own = draft(chief, "自分で書いた知らせ")
    act(chief, own, "propose")
    assert "書いた本人は承認できません" in act(chief, own, "approve")
    own.refresh_from_db()
    assert own.state == "proposed"
    act(chief, version, "approve")
    version.refresh_from_db()
    assert version.state == "approved"
    for moment, up in ((now, 0), (starts - timedelta(minutes=2), 0), (starts, 1), (ends - timedelta(minutes=2), 1)):
        assert shown.articles(moment, "news").count() == up
    assert shown.articles(ends, "news").count() == 0
    address = f"/news/{version.article_id}/"
    assert Client().get(address).status_code == 404
    ArticleVersion.objects.filter(pk=version.pk).update(publish_at=now - timedelta(minutes=1))
    assert "12月29日から休みます" in Client().get(address).content.decode()
    assert "年末年始の休館" in Client().get("/news/feed.xml").content.decode()
    ArticleVersion.objects.filter(pk=version.pk).update(ends_at=now)
    assert Client().get(address).status_code == 404


@pytest.mark.req("F-OPA-026")
@pytest.mark.django_db
def test_a_new_version_waits_for_its_approval_while_readers_see_the_old_one():
    writer, chief = make.client("counter"), make.client("librarian")
    first = draft(writer, body="古い文")
    act(writer, first, "propose")
    act(chief, first, "approve")
    address, page = f"/news/{first.article_id}/", f"/features/articles/{first.article_id}/"
    data = {"title": "年末年始の休館", "body": "新しい文", "publish_at": local(timezone.now() - timedelta(minutes=1))}
    assert writer.post(page, {**data, "seen": writer.get(page).context["seen"]}).status_code == 302
    assert "古い文" in Client().get(address).content.decode()
    second = ArticleVersion.objects.get(number=2)
    act(writer, second, "propose")
    sent_back = act(chief, second, "send_back", remark="日付を確かめてください")
    assert "差戻し: 日付を確かめてください" in sent_back
    act(writer, second, "propose")
    act(chief, second, "approve")
    assert "新しい文" in Client().get(address).content.decode()
    assert chief.post(f"{page}withdraw/").status_code == 302
    assert Client().get(address).status_code == 404


@pytest.mark.django_db
def test_what_was_changed_after_the_approver_looked_is_not_approved():
    writer, chief = make.client("counter"), make.client("librarian")
    version = draft(writer)
    act(writer, version, "propose")
    seen = chief.get(f"/features/articles/{version.article_id}/").context["seen"]
    ArticleVersion.objects.update(body="すり替えた文")
    path = f"/features/articles/{version.article_id}/versions/{version.pk}/"
    answer = chief.post(path, {"do": "approve", "seen": seen}, follow=True)
    assert "書き換えられています" in answer.content.decode()
    version.refresh_from_db()
    assert version.state == "proposed"


@pytest.mark.django_db
def test_the_database_refuses_a_text_that_its_writer_approved():
    version = articles.begin(
        make.actor("librarian"), "news", {"title": "a", "body": "b", "publish_at": timezone.now(), "ends_at": None}
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        ArticleVersion.objects.filter(pk=version.pk).update(state="approved", decided_by=version.written_by)


@pytest.mark.req("F-OPA-026")
@pytest.mark.django_db
def test_a_page_has_an_address_of_its_own():
    writer, chief = make.client("counter"), make.client("librarian")
    data = {"slug": "guide", "title": "利用のしかた", "body": "## 借りる\n- 10冊まで", "publish_at": "2026-01-01T09:00"}
    assert writer.post("/features/articles/new/page/", data).status_code == 302
    assert writer.post("/features/articles/new/page/", data).status_code == 422
    version = ArticleVersion.objects.get()
    assert Client().get("/pages/guide/").status_code == 404
    act(writer, version, "propose")
    act(chief, version, "approve")
    text = Client().get("/pages/guide/").content.decode()
    assert "<h2>借りる</h2>" in text
    assert "<li>10冊まで</li>" in text
    assert "利用のしかた" in Client().get("/pages/").content.decode()
    assert Article.objects.get().slug == "guide"


def test_marks_become_html_and_html_stays_text():
    text = markup.render(
        "## 見出し\n本文 **強く** [暦](/calendar/) https://example.jp/a?b=1&c=2 です。\n続き\n\n- 一\n- 二\n1. 手順\n"
        "| 曜日 | 時間 |\n|---|---|\n| 月 | 9:45 |\n<script>alert(1)</script>"
    )
    assert "<h2>見出し</h2>" in text
    assert '<strong>強く</strong> <a href="/calendar/">暦</a>' in text
    assert '<a href="https://example.jp/a?b=1&amp;c=2">https://example.jp/a?b=1&amp;c=2</a>' in text
    assert "です。<br>続き</p>" in text
    assert "<ul><li>一</li><li>二</li></ul>" in text
    assert "<ol><li>手順</li></ol>" in text
    assert '<th scope="col">曜日</th>' in text
    assert "<td>9:45</td>" in text
    assert "&lt;script&gt;" in text


@pytest.mark.parametrize(
    "to", ["javascript:alert(1)", "data:text/html,x", "//evil.example/", "/\\evil.example", "vbscript:x", "https:evil"]
)
def test_a_link_that_runs_or_deceives_stays_text(to):
    assert "<a" not in markup.render(f"[ここ]({to})")


@given(st.text(alphabet=st.sampled_from("<>\"'&*[]()|#- 1.ahttps:/\n\\あ\x00"), max_size=80))
def test_whatever_is_written_no_html_of_theirs_comes_out(text):
    import re

    made = str(markup.render(text))
    bare = re.sub(r'</?(?:p|br|h[23]|ul|ol|li|strong|table|thead|tbody|tr|td)>|<th scope="col">|</th>', "", made)
    bare = re.sub(r'<div class="scroll">|</div>|<a href="[^"<>]*">|</a>', "", bare)
    assert "<" not in bare
    assert ">" not in bare
