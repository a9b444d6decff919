"""RSS of new arrivals, lists and notices. The same for everybody, as all public pages."""

from collections.abc import Iterable
from datetime import date, datetime, time

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.feedgenerator import Rss201rev2Feed
from django.utils.translation import gettext as _

from app.features import markup
from app.features.models import Article
from app.features.public import public_page
from app.features.queries import shown, titles
from app.web.context import organisation

MOST = 100


def _feed(request: HttpRequest, title: str, page: str, lines: Iterable[tuple[str, str, str, datetime]]) -> HttpResponse:
    """The feed of lines (title, path, words, moment)."""
    name = organisation(settings.INVENTORY)["name"]
    feed = Rss201rev2Feed(
        title=f"{title} - {name}",
        link=request.build_absolute_uri(page),
        description=title,
        language="ja",
        feed_url=request.build_absolute_uri(request.path),
    )
    for line, path, words, moment in lines:
        link = request.build_absolute_uri(path)
        feed.add_item(title=line, link=link, description=words, pubdate=moment, unique_id=f"{link}#{moment:%Y%m%d%H%M}")
    return HttpResponse(feed.writeString("utf-8"), content_type="application/rss+xml; charset=utf-8")


def _morning(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time(9)))


@public_page
def new(request: HttpRequest) -> HttpResponse:
    """The newest arrivals. Four SQL statements."""
    found = titles.arrivals(timezone.localdate(), size=MOST)
    lines = (
        (
            f"{one.record.title} {one.record.volume}".strip(),
            one.record.get_absolute_url(),
            " / ".join(filter(None, (one.record.statement, one.record.publisher, "・".join(one.branches)))),
            _morning(one.day),
        )
        for one in found.titles
    )
    return _feed(request, _("新着資料"), reverse("show:new"), lines)


@public_page
def lists(request: HttpRequest) -> HttpResponse:
    """The lists that are up. One SQL statement."""
    lines = (
        (one.title, reverse("show:theme", args=[one.pk]), markup.plain(one.lead), one.opens_at)
        for one in shown.lists(timezone.now())[:MOST]
    )
    return _feed(request, _("テーマ別のおすすめ"), reverse("show:lists"), lines)


@public_page
def news(request: HttpRequest) -> HttpResponse:
    """The notices that are up. One SQL statement."""
    lines = (
        (one.title, reverse("show:notice", args=[one.article_id]), markup.plain(one.body), one.publish_at)
        for one in shown.articles(timezone.now(), Article.Kind.NEWS)[:MOST]
    )
    return _feed(request, _("お知らせ"), reverse("show:news"), lines)
