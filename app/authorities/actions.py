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
MOST_PROBLEMS = 20
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
    if [(f.text, f.reading, f.kind) for f in wanted.values()] == list(
        Form.objects.filter(authority=authority).values_list("text", "reading", "kind")
    ):
        return
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
    known = _locked(source_id, target_id)
    if source_id == target_id or len(known) != 2:
        raise AuthorityError("参照する先の典拠を選んでください。")
    if _relate(known[source_id], known[target_id], kind):
        detail = {"to": known[target_id].heading, "kind": kind}
        audit.record(actor, EDIT, subject_type="authority", subject_id=source_id, detail=detail)


def _relate(one: Authority, other: Authority, kind: str, change_set: hooks.Noting | None = None) -> bool:
    """Let one refer to the other; whether that is new. AuthorityError for what cannot be, before anything is done."""
    if one.pk == other.pk:
        raise AuthorityError("参照する先の典拠を選んでください。")
    if (one.kind in NAMES) != (other.kind in NAMES):
        raise AuthorityError("件名と名称の間には参照を付けられません。")
    source, target = (other, one) if kind == NARROWER else (one, other)
    if kind == RELATED:
        source, target = sorted((source, target), key=lambda authority: authority.pk)
    elif rules.makes_circle(_broader(), source.pk, target.pk):
        raise AuthorityError("上位と下位がひと回りしてしまいます。")
    plain = Relation.Kind.RELATED if kind == RELATED else Relation.Kind.BROADER
    between = Q(source=source, target=target) | Q(source=target, target=source)
    there = list(Relation.objects.filter(between).select_related("source", "target"))
    if any((old.source_id, old.target_id, old.kind) == (source.pk, target.pk, plain) for old in there):
        return False
    for old in there:
        if change_set:
            change_set.gone(old)
        old.delete()
    made = Relation.objects.create(source=source, target=target, kind=plain)
    if change_set:
        change_set.made(made)
    return True


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
    and references along. One change set, from which it is undone. AuthorityError for subjects of different lists, and
    for a subject and a name."""
    require(actor, EDIT)
    both = _locked(going_id, staying_id)
    if len(both) != 2:
        raise AuthorityError("統合する2つの典拠を選んでください。")
    going, staying = both[going_id], both[staying_id]
    if (going.kind in NAMES) != (staying.kind in NAMES):
        raise AuthorityError("件名と名称は統合できません。")
    if going.scheme != staying.scheme and going.kind not in NAMES:
        raise AuthorityError("別の件名標目表の件名は統合できません。「をも見よ」で結んでください。")
    gone, before = state(going), state(staying)
    with hooks.noting(actor, "heading", f"典拠の統合 {going.heading} → {staying.heading}") as change_set:
        change_set.gone(going)
        taken = [{"text": going.heading, "reading": going.reading, "kind": Form.Kind.VARIANT}]
        for form in Form.objects.filter(authority=going):
            change_set.gone(form)
            taken.append({"text": form.text, "reading": form.reading, "kind": form.kind})
        _move_relations(change_set, going_id, staying_id)
        going.delete()
        _add_forms(change_set, staying, taken)
        names = ("reading", "romaji", "dates", "ndc", "note")
        values = {name: getattr(staying, name) or getattr(going, name) for name in names} | {"by_staff": True}
        _change(change_set, staying, values)
        number = change_set.pk
    detail = {"merged": gone, "into": staying.heading, "change_set": number}
    audit.record(actor, EDIT, subject_type="authority", subject_id=staying.pk, detail=detail)
    hooks.tell(_names(gone) | _names(before) | _names(state(staying)))
    return staying


def _change(change_set: hooks.Noting, authority: Authority, values: Mapping[str, Any]) -> None:
    """Give an authority these values and note those that differ."""
    before = {name: getattr(authority, name) for name in values}
    if before != dict(values):
        for name, value in values.items():
            setattr(authority, name, value)
        _save(authority)
        change_set.note(authority, before, values)


def _add_forms(change_set: hooks.Noting, authority: Authority, forms: Iterable[Mapping[str, str]]) -> None:
    """Other forms that the authority does not have yet, behind those that it has."""
    there = {authority.heading, *Form.objects.filter(authority=authority).values_list("text", flat=True)}
    for form in forms:
        text = form["text"].strip()
        if rules.key(text) and text not in there:
            there.add(text)
            reading, kind = form.get("reading", ""), form.get("kind") or Form.Kind.VARIANT
            made = Form.objects.create(authority=authority, text=text, key=rules.key(text), reading=reading, kind=kind)
            change_set.made(made)


def _move_relations(change_set: hooks.Noting, going_id: int, staying_id: int) -> None:
    """What the one referred to, the other refers to now; a reference between the two goes."""
    own = Q(source=going_id) | Q(target=going_id)
    old = list(Relation.objects.filter(own))
    for relation in old:
        change_set.gone(relation)
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
        change_set.made(Relation.objects.create(source_id=ends[0], target_id=ends[1], kind=relation.kind))


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
    linked: int = 0
    """References that are new; of a table only."""
    change_set: int | None = None
    """Where a table's differences stand and from where they are undone; None when it brought nothing."""


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
def take_table(actor: Actor, rows: Sequence[Mapping[str, Any]], name: str = "") -> Taken:
    """Authorities from a table (`tables.read`): headings first, then their references to each other; one change set.

    The same table again changes nothing. AuthorityError names the lines that cannot be, and nothing is taken.
    """
    require(actor, EDIT)
    made = filled = linked = 0
    by_heading: dict[tuple[str, str], Authority] = {}
    names: set[str] = set()
    problems: list[str] = []
    with hooks.noting(actor, "import", f"典拠の取込み {name}".strip()) as change_set:
        for row in rows:
            try:
                one, was, is_now = _take_row(change_set, row)
            except AuthorityError as error:
                problems.append(f"{row['line']}行目: {error}")
                continue
            by_heading[(one.scheme, one.heading)] = one
            made, filled = made + (not was), filled + bool(was and was != is_now)
            names |= _names(was) | _names(is_now) if was != is_now else set()
        for row in rows if not problems else ():
            for kind, other in [(which, one) for which in (BROADER, NARROWER, RELATED) for one in row[which]]:
                target = by_heading.get((row["scheme"], other)) or _named(row["scheme"], other)
                try:
                    if target is None:
                        raise AuthorityError(f"「{other}」という件名がありません。")
                    linked += _relate(by_heading[(row["scheme"], row["heading"])], target, kind, change_set)
                except AuthorityError as error:
                    problems.append(f"{row['line']}行目: {error}")
        if problems:
            more = f" ほか{len(problems) - MOST_PROBLEMS}件" if len(problems) > MOST_PROBLEMS else ""
            raise AuthorityError(" ".join(problems[:MOST_PROBLEMS]) + more)
        number = change_set.pk if made or filled or linked else None
    if number:
        detail = {"made": made, "filled": filled, "change_set": number}
        audit.record(actor, EDIT, subject_type="authority", detail=detail)
    hooks.tell(names)
    return Taken(made, filled, linked, number)


def _take_row(change_set: hooks.Noting, row: Mapping[str, Any]) -> tuple[Authority, dict[str, Any], dict[str, Any]]:
    """The authority of a line, made or told more of, and how it was ({} when it is new) and is."""
    known = {"scheme": row["scheme"], "kind": row["kind"], "heading": row["heading"]}
    one = Authority.objects.select_for_update().filter(**known).order_by("pk").first()
    was = state(one) if one else {}
    one = one or Authority(**known)
    values = {name: getattr(one, name) or row[name] or None for name in ("number", "reading", "ndc", "note")}
    values |= {name: values[name] or "" for name in ("reading", "ndc", "note")}
    if was:
        _change(change_set, one, values)
    else:
        for name, value in values.items():
            setattr(one, name, value)
        _save(one)
        change_set.made(one, FIELDS)
    _add_forms(change_set, one, [{"text": text} for text in row["forms"]])
    return one, was, state(one)


def _named(scheme: str, heading: str) -> Authority | None:
    return Authority.objects.filter(scheme=Scheme(scheme), heading=heading).order_by("pk").first()
