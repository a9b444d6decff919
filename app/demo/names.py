"""Names and subjects of the demonstration: pen names that lead to one another's works, subjects that lead on."""

from app.access.actor import Actor
from app.authorities import actions
from app.authorities.models import Authority
from app.catalog.actions.following import gather_since

# Facts about well-known authors: the form used, its reading, other names.
PEOPLE = (
    ("夏目漱石", "ナツメ ソウセキ", "1867-1916", ("夏目金之助",)),
    ("森鴎外", "モリ オウガイ", "1862-1922", ("森林太郎", "森鷗外")),
    ("江戸川乱歩", "エドガワ ランポ", "1894-1965", ("平井太郎",)),
    ("島崎藤村", "シマザキ トウソン", "1872-1943", ("島崎春樹",)),
    ("宮沢賢治", "ミヤザワ ケンジ", "1896-1933", ("宮澤賢治",)),
)
# Heading, reading, other forms, broader headings, related headings.
SUBJECTS = (
    ("図書館", "トショカン", ("ライブラリー",), (), ("読書",)),
    ("学校図書館", "ガッコウ トショカン", (), ("図書館",), ()),
    ("公共図書館", "コウキョウ トショカン", ("市立図書館",), ("図書館",), ()),
    ("読書", "ドクショ", (), (), ()),
)


def load(actor: Actor) -> int:
    """Make what is missing; returns how many authorities were made."""
    before = Authority.objects.count()
    gather_since(actor)
    for heading, reading, dates, others in PEOPLE:
        _put(actor, "person", heading, reading, others, dates=dates)
    known = {row[0]: _put(actor, "topic", row[0], row[1], row[2]) for row in SUBJECTS}
    for heading, _, _, broader, related in SUBJECTS:
        for kind, targets in ((actions.BROADER, broader), (actions.RELATED, related)):
            for target in targets:
                actions.relate(actor, known[heading].pk, known[target].pk, kind)
    return Authority.objects.count() - before


def _put(actor: Actor, kind: str, heading: str, reading: str, others: tuple[str, ...], **more: str) -> Authority:
    """The authority of that heading, made with its other forms when it is not there."""
    there = Authority.objects.filter(kind=kind, heading=heading, scheme="own").first()
    if there:
        return there
    values = {"kind": kind, "scheme": "own", "heading": heading, "reading": reading, **more}
    return actions.put_authority(actor, values, [{"text": text, "kind": "pen"} for text in others])
