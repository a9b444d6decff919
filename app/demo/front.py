"""What the demonstration library shows its readers: a list, news, a page, a floor plan, an event, stories."""

from datetime import datetime, timedelta

from django.db import transaction

from app.catalog.models import BibliographicRecord, ContentsPart
from app.demo.places import Places
from app.features.models import Article, ArticleVersion, FloorPlan, ListEntry, PlanPart, ShelfRange, ThemeList
from app.features.queries.plans import keys_of
from app.reference.models import Event

LIST = ("山を読む", "信州の山と、山を歩いた人の本を集めました。")
NEWS = (
    "年末年始の休館",
    "12月28日から1月4日まで、全館を休みます。返却は、返却ポストへお願いします。",
)
PAGE = ("guide", "利用案内", "利用券があれば、どの館でも、図書を10点まで2週間借りられます。")
# The stories of one volume, by the title of the record.
STORIES = (
    ("山月記", "サンゲツキ"),
    ("李陵", "リリョウ"),
    ("名人伝", "メイジンデン"),
    ("弟子", "デシ"),
    ("悟浄出世", "ゴジョウ シュッセ"),
)
SUMMARY = "人と虎のあいだで語られる「山月記」をはじめ、中国の古典に材をとった短篇を収める。"
EVENT = ("おはなし会", "絵本の読み聞かせと手遊びをします。どなたでもどうぞ。", "1階 児童コーナー", "4歳から小学生まで")
# Kind, name, x, y, width, height, call numbers from and to.
PARTS = (
    ("desk", "総合窓口", 2, 2, 8, 3, "", ""),
    ("kiosk", "検索機", 14, 2, 2, 2, "", ""),
    ("shelf", "総記から社会", 4, 8, 16, 2, "000", "399"),
    ("shelf", "自然から産業", 4, 12, 16, 2, "400", "699"),
    ("shelf", "芸術から文学", 4, 16, 16, 2, "700", "999"),
    ("door", "入口", 20, 22, 4, 1, "", ""),
)


@transaction.atomic
def load(there: Places, now: datetime) -> int:
    """Make what is missing; how much that was."""
    return _list(now) + _articles(now) + _stories() + _plan(there) + _event(there, now)


def _list(now: datetime) -> int:
    title, lead = LIST
    if ThemeList.objects.filter(title=title).exists():
        return 0
    theme = ThemeList.objects.create(
        title=title, lead=lead, opens_at=now - timedelta(days=1), is_ready=True, made_by="librarian"
    )
    found = BibliographicRecord.objects.filter(origin="demo", title__contains="山").order_by("pk")[:8]
    ListEntry.objects.bulk_create(
        ListEntry(theme=theme, record=record, order=order) for order, record in enumerate(found, 1)
    )
    return 1


def _articles(now: datetime) -> int:
    made = 0
    for kind, slug, title, body in (("news", None, *NEWS), ("page", *PAGE)):
        if ArticleVersion.objects.filter(title=title).exists():
            continue
        ArticleVersion.objects.create(
            article=Article.objects.create(kind=kind, slug=slug),
            number=1,
            title=title,
            body=body,
            publish_at=now - timedelta(days=1),
            state=ArticleVersion.State.APPROVED,
            written_by="librarian",
            decided_by="admin",
            decided_at=now - timedelta(days=1),
        )
        made += 1
    return made


def _stories() -> int:
    record = BibliographicRecord.objects.filter(origin="demo", title__startswith=STORIES[0][0]).order_by("pk").first()
    if record is None or ContentsPart.objects.filter(record=record).exists():
        return 0
    ContentsPart.objects.bulk_create(
        ContentsPart(record=record, order=order, title=title, title_reading=reading, creator="中島敦")
        for order, (title, reading) in enumerate(STORIES, 1)
    )
    BibliographicRecord.objects.filter(pk=record.pk).update(summary=SUMMARY)
    return 1


def _plan(there: Places) -> int:
    plan, made = FloorPlan.objects.get_or_create(branch=there.main, name="1階", defaults={"width": 24, "height": 24})
    if made:
        keys = keys_of([text for part in PARTS for text in part[6:] if text])
        for kind, name, x, y, width, height, first, last in PARTS:
            part = PlanPart.objects.create(plan=plan, kind=kind, name=name, x=x, y=y, width=width, height=height)
            if first:
                ShelfRange.objects.create(
                    part=part, call_from=first, call_to=last, key_from=keys[first], key_to=keys[last]
                )
    return int(made)


def _event(there: Places, now: datetime) -> int:
    title, body, place, audience = EVENT
    starts = now + timedelta(days=20)
    _, made = Event.objects.get_or_create(
        title=title,
        branch=there.main,
        defaults={
            "body": body,
            "place": place,
            "audience": audience,
            "starts_at": starts,
            "ends_at": starts + timedelta(hours=1),
            "capacity": 20,
            "opens_at": now - timedelta(days=1),
            "closes_at": starts - timedelta(days=1),
            "is_ready": True,
            "made_by": "librarian",
        },
    )
    return int(made)
