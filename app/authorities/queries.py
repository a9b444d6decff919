"""Reads of authorities."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from app.authorities.models import NAMES, Authority, Form, Relation
from app.authorities.rules import heads, key


def forms_of(names: Iterable[str]) -> dict[str, list[str]]:
    """By name, the other forms and readings under which it may be looked for: heading, see-from forms, romaji.

    A name may itself be one of the other forms. Of a subject with subdivisions the first part counts too. Names
    without an authority are left out; a name that several people bear gets the forms of all. Two SQL statements.
    """
    wanted: dict[str, set[str]] = defaultdict(set)
    for name in names:
        for head in heads(name):
            wanted[key(head)].add(name)
    wanted.pop("", None)
    if not wanted:
        return {}
    keys = list(wanted)
    found = {
        one.pk: one
        for one in Authority.objects.filter(
            Q(key__in=keys) | Q(pk__in=Form.objects.filter(key__in=keys).values("authority_id"))
        ).only("pk", "key", "heading", "reading", "romaji")
    }
    forms: dict[int, list[Form]] = defaultdict(list)
    for form in Form.objects.filter(authority_id__in=found) if found else ():
        forms[form.authority_id].append(form)
    gathered: dict[str, dict[str, None]] = defaultdict(dict)
    for pk, one in found.items():
        texts = [one.heading, one.reading, one.romaji]
        texts += [text for form in forms[pk] for text in (form.text, form.reading)]
        for own in {one.key, *(form.key for form in forms[pk])} & wanted.keys():
            for name in wanted[own]:
                gathered[name] |= dict.fromkeys(text for text in texts if text and text != name)
    return {name: list(texts) for name, texts in gathered.items() if texts}


@dataclass(frozen=True)
class Neighbours:
    """What an authority refers to (をも見よ)."""

    broader: list[Authority]
    narrower: list[Authority]
    related: list[Authority]

    @property
    def all(self) -> list[Authority]:
        """Every one, the wider first."""
        return [*self.broader, *self.related, *self.narrower]


def neighbours(authority_id: int) -> Neighbours:
    """Broader, narrower and related authorities, by reading. One SQL statement."""
    near = Relation.objects.filter(Q(source_id=authority_id) | Q(target_id=authority_id))
    broader, narrower, related = [], [], []
    for relation in near.select_related("source", "target"):
        outward = relation.source_id == authority_id
        other = relation.target if outward else relation.source
        kind = related if relation.kind == Relation.Kind.RELATED else broader if outward else narrower
        kind.append(other)

    def by_reading(one: Authority) -> tuple[str, int]:
        return (one.reading or one.heading, one.pk)

    return Neighbours(
        sorted(broader, key=by_reading), sorted(narrower, key=by_reading), sorted(related, key=by_reading)
    )


def subjects_like(subjects: Iterable[str]) -> list[Authority]:
    """The subject authorities that these subjects of a record name, by whichever form. One SQL statement."""
    keys = {key(head) for subject in subjects for head in heads(subject)} - {""}
    named = Q(key__in=keys) | Q(pk__in=Form.objects.filter(key__in=keys).values("authority_id"))
    return list(Authority.objects.filter(named).exclude(kind__in=NAMES).order_by("scheme", "reading", "pk"))


def see_also(subjects: Iterable[str]) -> list[Authority]:
    """The subjects to which those of a record refer, each once, for the record's page. Two SQL statements."""
    here = {one.pk for one in subjects_like(subjects)}
    if not here:
        return []
    near = Relation.objects.filter(Q(source__in=here) | Q(target__in=here)).select_related("source", "target")
    found = {
        other.pk: other for relation in near for other in (relation.source, relation.target) if other.pk not in here
    }
    return sorted(found.values(), key=lambda one: (one.reading or one.heading, one.pk))


def reading_of(name: str, kinds: Iterable[str] = NAMES) -> str:
    """How a person or body is read, by heading or another form; "" when unknown. One SQL statement."""
    own = key(name)
    named = Authority.objects.filter(Q(key=own) | Q(forms__key=own), kind__in=list(kinds)).exclude(reading="")
    return named.order_by("pk").values_list("reading", flat=True).first() or ""


MOST = 100


def find(text: str, group: str = "", scheme: str = "") -> list[Authority]:
    """Authorities of which a form or reading begins so, by reading; at most MOST. Group: names or subjects.

    One SQL statement.
    """
    own = key(text)
    fits = Q(key__startswith=own) | Q(pk__in=Form.objects.filter(key__startswith=own).values("authority_id"))
    fits |= Q(reading__startswith=text)
    found = Authority.objects.filter(fits)
    if group == "names":
        found = found.filter(kind__in=NAMES)
    elif group == "subjects":
        found = found.exclude(kind__in=NAMES)
    if scheme:
        found = found.filter(scheme=scheme)
    return list(found.order_by("reading", "heading", "pk")[:MOST])


def by_heading(text: str, beside: Authority) -> Authority | None:
    """Another authority with that heading or form: of the same list first, a heading before a form. One statement."""
    own = key(text)
    named = Authority.objects.filter(Q(key=own) | Q(forms__key=own)).exclude(pk=beside.pk).distinct()
    return min(named, key=lambda one: (one.scheme != beside.scheme, one.key != own, one.pk), default=None)


def names_of(authority_ids: Iterable[int]) -> set[str]:
    """Every heading and other form of these authorities. Two SQL statements, none for nobody."""
    ids = list(authority_ids)
    if not ids:
        return set()
    names = set(Authority.objects.filter(pk__in=ids).values_list("heading", flat=True))
    return names | set(Form.objects.filter(authority__in=ids).values_list("text", flat=True))
