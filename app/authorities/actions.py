"""Writes to authorities: by hand, from the headings of records, from a table; merging. The index follows by `hooks`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django.db import IntegrityError, transaction
from django.db.models import Q

from app.access.actions import require
from app.access.actor import Actor
from app.access.operations import LIBRARIAN, declare
from app.audit import actions as audit
from app.authorities import hooks, rules
from app.authorities.models import NAMES, Authority, Form, Relation, Scheme
from app.web import versions

VIEW = declare("authorities.view", "典拠を見る", kind="view")
EDIT = declare("authorities.edit", "典拠を登録・修正・統合する", roles=(LIBRARIAN,))
FIELDS = ("kind", "scheme", "number", "heading", "reading", "romaji", "dates", "ndc", "note")
BROADER, NARROWER, RELATED = "broader", "narrower", "related"


class AuthorityError(Exception):
    """The request cannot be carried out; the text is for the screen."""


def state(authority: Authority) -> dict[str, Any]:
    """What staff may change of an authority, its other forms with it. One SQL statement."""
    forms = [[form.text, form.reading, form.kind] for form in Form.objects.filter(authority=authority)]
    return {name: getattr(authority, name) for name in FIELDS} | {"forms": forms}


def _names(values: Mapping[str, Any]) -> set[str]:
    return {values.get("heading", ""), *(form[0] for form in values.get("forms", ()))}


@transaction.atomic
def put_authority(
    actor: Actor,
    values: Mapping[str, Any],
    forms: Sequence[Mapping[str, str]] | None = None,
    authority_id: int | None = None,
    seen: str | None = None,
) -> Authority:
    """Add an authority or change one (FIELDS); `forms` (text, reading, kind) replace the other forms, None keeps them.

    Its records are indexed anew. AuthorityError for an empty or doubled heading and a number that is taken;
    versions.Conflict with `seen`, the token of `state`, when somebody saved meanwhile.
    """
    require(actor, EDIT)
    authority = Authority.objects.select_for_update().filter(pk=authority_id).first() if authority_id else Authority()
    if authority is None:
        raise AuthorityError("典拠が見つかりません。")
    before = state(authority) if authority.pk else {}
    if seen is not None:
        versions.check(seen, before)
    for name in FIELDS:
        if name in values:
            value = values[name]
            setattr(authority, name, value.strip() if isinstance(value, str) else value)
    authority.number = authority.number or None
    authority.by_staff = True
    _save(authority)
    if forms is not None:
        _put_forms(authority, forms)
    after = state(authority)
    changed = {name for name in after if after[name] != before.get(name)}
    if changed:
        old = {name: before.get(name, "") for name in changed}
        detail = audit.changes(old, {name: after[name] for name in changed})
        audit.record(actor, EDIT, subject_type="authority", subject_id=authority.pk, detail=detail)
        hooks.tell(_names(before) | _names(after))
    return authority


def _save(authority: Authority) -> None:
    authority.key = rules.key(authority.heading)
    if not authority.key:
        raise AuthorityError("統一形を入力してください。")
    try:
        with transaction.atomic():
            authority.save()
    except IntegrityError as error:
        what = f"典拠番号 {authority.number}" if authority.number else f"「{authority.heading}」"
        raise AuthorityError(f"{what}は、すでにこの一覧にあります。") from error


def _put_forms(authority: Authority, forms: Sequence[Mapping[str, str]]) -> None:
    wanted: dict[str, Form] = {}
    for form in forms:
        text = form["text"].strip()
        if not rules.key(text) or text == authority.heading:
            continue
        reading, kind = form.get("reading", "").strip(), form.get("kind") or Form.Kind.VARIANT
        wanted[text] = Form(authority=authority, text=text, key=rules.key(text), reading=reading, kind=kind)
    Form.objects.filter(authority=authority).delete()
    Form.objects.bulk_create(wanted.values())


@transaction.atomic
def delete_authority(actor: Actor, authority_id: int) -> None:
    """Take an authority away, with its forms and relations; the records keep their headings."""
    require(actor, EDIT)
    authority = Authority.objects.select_for_update().filter(pk=authority_id).first()
    if authority is None:
        return
    before = state(authority)
    audit.record(actor, EDIT, subject_type="authority", subject_id=authority.pk, detail={"deleted": before})
    authority.delete()
    hooks.tell(_names(before))


def _locked(*ids: int) -> dict[int, Authority]:
    """These authorities, locked in one order: two who act on the same pair wait for each other and do not block."""
    rows = Authority.objects.select_for_update().filter(pk__in=ids).order_by("pk")
    return {one.pk: one for one in rows}


@transaction.atomic
def relate(actor: Actor, source_id: int, target_id: int, kind: str) -> None:
    """Let the source refer to the target as broader, narrower or related. AuthorityError for what cannot be.

    The same again changes nothing; another relation between the two is replaced.
    """
    require(actor, EDIT)
    known = {
        one.pk: one
        for one in Authority.objects.select_for_update().filter(pk__in=[source_id, target_id]).order_by("pk")
    }
    if source_id == target_id or len(known) != 2:
        raise AuthorityError("参照する先の典拠を選んでください。")
    if (known[source_id].kind in NAMES) != (known[target_id].kind in NAMES):
        raise AuthorityError("件名と名称の間には参照を付けられません。")
    source, target = (target_id, source_id) if kind == NARROWER else (source_id, target_id)
    if kind == RELATED:
        source, target = min(source, target), max(source, target)
    elif rules.makes_circle(_broader(), source, target):
        raise AuthorityError("上位と下位がひと回りしてしまいます。")
    plain = Relation.Kind.RELATED if kind == RELATED else Relation.Kind.BROADER
    if Relation.objects.filter(source=source, target=target, kind=plain).exists():
        return
    between = Q(source=source, target=target) | Q(source=target, target=source)
    Relation.objects.filter(between).delete()
    Relation.objects.create(source_id=source, target_id=target, kind=plain)
    detail = {"to": known[target_id].heading, "kind": kind}
    audit.record(actor, EDIT, subject_type="authority", subject_id=source_id, detail=detail)


def _broader() -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for source, target in Relation.objects.filter(kind=Relation.Kind.BROADER).values_list("source_id", "target_id"):
        found.setdefault(source, []).append(target)
    return found


@transaction.atomic
def unrelate(actor: Actor, source_id: int, target_id: int) -> None:
    """Take the relation between two authorities away, whichever it is."""
    require(actor, EDIT)
    between = Q(source=source_id, target=target_id) | Q(source=target_id, target=source_id)
    if Relation.objects.filter(between).delete()[0]:
        detail = {"to": target_id, "kind": "none"}
        audit.record(actor, EDIT, subject_type="authority", subject_id=source_id, detail=detail)


@transaction.atomic
def merge(actor: Actor, going_id: int, staying_id: int) -> Authority:
    """Make two authorities one: the heading that goes becomes another form of the one that stays, and takes its forms
    and references along. AuthorityError for subjects of different lists, and for a subject and a name."""
    require(actor, EDIT)
    both = {
        one.pk: one
        for one in Authority.objects.select_for_update().filter(pk__in=[going_id, staying_id]).order_by("pk")
    }
    if len(both) != 2:
        raise AuthorityError("統合する2つの典拠を選んでください。")
    going, staying = both[going_id], both[staying_id]
    if (going.kind in NAMES) != (staying.kind in NAMES):
        raise AuthorityError("件名と名称は統合できません。")
    if going.scheme != staying.scheme and going.kind not in NAMES:
        raise AuthorityError("別の件名標目表の件名は統合できません。「をも見よ」で結んでください。")
    gone, before = state(going), state(staying)
    forms = [{"text": t, "reading": r, "kind": k} for t, r, k in before["forms"]]
    forms += [{"text": going.heading, "reading": going.reading, "kind": Form.Kind.VARIANT}]
    forms += [{"text": t, "reading": r, "kind": k} for t, r, k in gone["forms"]]
    _put_forms(staying, forms)
    _move_relations(going_id, staying_id)
    for name in ("reading", "romaji", "dates", "ndc", "note"):
        setattr(staying, name, getattr(staying, name) or getattr(going, name))
    going.delete()
    staying.by_staff = True
    _save(staying)
    detail = {"merged": gone, "into": staying.heading}
    audit.record(actor, EDIT, subject_type="authority", subject_id=staying.pk, detail=detail)
    hooks.tell(_names(gone) | _names(state(staying)))
    return staying


def _move_relations(going_id: int, staying_id: int) -> None:
    """What the one referred to, the other refers to now; a reference between the two goes."""
    own = Q(source=going_id) | Q(target=going_id)
    old = list(Relation.objects.filter(own))
    Relation.objects.filter(own).delete()
    there = {
        frozenset(pair)
        for pair in Relation.objects.filter(Q(source=staying_id) | Q(target=staying_id)).values_list("source", "target")
    }
    for relation in old:
        ends = [staying_id if end == going_id else end for end in (relation.source_id, relation.target_id)]
        if ends[0] == ends[1] or frozenset(ends) in there:
            continue
        if relation.kind == Relation.Kind.RELATED:
            ends.sort()
        elif rules.makes_circle(_broader(), ends[0], ends[1]):
            continue
        there.add(frozenset(ends))
        Relation.objects.create(source_id=ends[0], target_id=ends[1], kind=relation.kind)


class Found(Protocol):
    """A heading as a record has it (`catalog.headings.Heading`)."""

    @property
    def kind(self) -> str: ...
    @property
    def scheme(self) -> str: ...
    @property
    def number(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def reading(self) -> str: ...
    @property
    def romaji(self) -> str: ...
    @property
    def dates(self) -> str: ...


@dataclass(frozen=True)
class Taken:
    """How many authorities headings made, and how many they told more of."""

    made: int = 0
    filled: int = 0


@transaction.atomic
def take_headings(headings: Iterable[Found]) -> Taken:
    """Authorities from the headings of records: known by number, else by list and form. What is empty is filled, a new
    form under a known number becomes another form; what staff corrected stays. Part of `catalog.actions.gather`,
    which has checked the right. Five SQL statements, and two for each that is told more of.
    """
    wanted = {(h.scheme, h.number or (h.kind, h.text)): h for h in headings if rules.key(h.text)}
    numbers = {h.number for h in wanted.values() if h.number}
    keys = {rules.key(h.text) for h in wanted.values() if not h.number}
    there: dict[tuple[str, Any], Authority] = {}
    for one in Authority.objects.select_for_update().filter(Q(number__in=numbers) | Q(number=None, key__in=keys)):
        there[(one.scheme, one.number or (one.kind, one.heading))] = one
    fresh = [
        Authority(
            kind=h.kind, scheme=h.scheme, number=h.number or None, heading=h.text, key=rules.key(h.text),
            reading=h.reading, romaji=h.romaji, dates=h.dates,
        )
        for name, h in wanted.items() if name not in there
    ]  # fmt: skip
    Authority.objects.bulk_create(fresh, ignore_conflicts=True)
    filled = [there[name] for name, h in wanted.items() if name in there and _fill(there[name], h)]
    hooks.tell(one.heading for one in filled)
    return Taken(len(fresh), len(filled))


def _fill(authority: Authority, heading: Found) -> bool:
    """Tell a known authority what a heading says more; whether anything changed."""
    names = [n for n in ("reading", "romaji", "dates") if not getattr(authority, n) and getattr(heading, n)]
    for name in () if authority.by_staff else names:
        setattr(authority, name, getattr(heading, name))
    if names and not authority.by_staff:
        authority.save(update_fields=[*names, "updated_at"])
    known = {authority.heading, *Form.objects.filter(authority=authority).values_list("text", flat=True)}
    if heading.text not in known:
        values = {"key": rules.key(heading.text), "reading": heading.reading}
        Form.objects.get_or_create(authority=authority, text=heading.text, defaults=values)
        return True
    return bool(names) and not authority.by_staff


@transaction.atomic
def take_table(actor: Actor, rows: Sequence[Mapping[str, Any]]) -> Taken:
    """Authorities from a table (`tables.read`): headings first, then their references to each other. The same table
    again changes nothing. AuthorityError names the line of a reference to nobody."""
    require(actor, EDIT)
    made = filled = 0
    by_heading: dict[tuple[str, str], Authority] = {}
    names: set[str] = set()
    for row in rows:
        known = {"scheme": row["scheme"], "kind": row["kind"], "heading": row["heading"]}
        one = Authority.objects.filter(**known).order_by("pk").first()
        before = state(one) if one else {}
        one = one or Authority(**known)
        for name in ("number", "reading", "ndc", "note"):
            setattr(one, name, getattr(one, name) or row[name] or (None if name == "number" else ""))
        _save(one)
        own = [{"text": t, "reading": r, "kind": k} for t, r, k in before.get("forms", [])]
        _put_forms(one, [{"text": text} for text in row["forms"]] + own)
        by_heading[(one.scheme, one.heading)] = one
        after = state(one)
        made, filled = made + (not before), filled + bool(before and before != after)
        names |= _names(after) if before != after else set()
    for row in rows:
        for kind in (BROADER, NARROWER, RELATED):
            for other in row[kind]:
                target = by_heading.get((row["scheme"], other)) or _named(row["scheme"], other)
                if target is None:
                    raise AuthorityError(f"{row['line']}行目: 「{other}」という件名がありません。")
                relate(actor, by_heading[(row["scheme"], row["heading"])].pk, target.pk, kind)
    if made or filled:
        audit.record(actor, EDIT, subject_type="authority", detail={"made": made, "filled": filled})
    hooks.tell(names)
    return Taken(made, filled)


def _named(scheme: str, heading: str) -> Authority | None:
    return Authority.objects.filter(scheme=Scheme(scheme), heading=heading).order_by("pk").first()
