"""What the pages of one person share: the look that is recorded, the fields that are masked, the errors of actions."""

from dataclasses import dataclass

from django import forms
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest

from app.access import rules as access
from app.access.actor import Actor
from app.audit import actions as audit
from app.patrons import actions, queries, rules
from app.patrons.models import District, Patron


def viewed(request: HttpRequest, patron_id: int, purpose: str) -> Patron:
    """The patron, once the look at it is recorded; Http404 when there is none."""
    patron = queries.by_id(patron_id)
    if patron is None:
        raise Http404
    audit.record(
        request.actor, actions.VIEW, outcome="viewed", subject_type="patron", subject_id=patron.pk, purpose=purpose
    )
    return patron


def sees_all(actor: Actor) -> bool:
    """Whether personal fields stand open for this actor's roles."""
    return access.may(actor.operations, actions.SEE_ALL.code)


@dataclass(frozen=True)
class Fact:
    """One line of a registration. A masked one shows `text` until it is opened by `name`."""

    name: str
    label: str
    text: str
    masked: bool = False


def facts(patron: Patron, actor: Actor, opened: frozenset[str] = frozenset()) -> list[Fact]:
    """The registration as this actor sees it: role by role, field by field. One SQL statement with a district."""
    open_all = sees_all(actor)

    def fact(name: str, label: str, text: str, mask: str | None = None) -> Fact:
        hidden = mask is not None and bool(text) and not open_all and name not in opened
        return Fact(name, label, (mask if hidden else text) or "―", hidden)

    phones = [row for row in patron.contacts if row["kind"] == "phone" and row["value"] != patron.phone]
    mails = [row for row in patron.contacts if row["kind"] == "mail" and row["value"] != patron.email]
    label = next((row["label"] for row in patron.contacts if row["value"] == patron.phone and row["label"]), "")
    born = f"{patron.birth_date:%Y年%m月%d日}" if patron.birth_date else ""
    district = District.objects.filter(pk=patron.district).first() if patron.district else None
    place = f"{patron.postal_code} {patron.address}".strip()
    found = [
        fact("birth_date", "生年月日", born, rules.masked_birth(patron.birth_date)),
        fact("address", "住所", place, rules.masked_address(patron.address)),
        fact("district", "地区", f"{district.name}（{district.code}）" if district else patron.district),
        fact("phone", f"電話{f'（{label}）' if label else ''}", patron.phone, rules.masked_phone(patron.phone)),
        *(
            fact(f"phone_{n}", f"電話（{row['label'] or '別'}）", row["value"], rules.masked_phone(row["value"]))
            for n, row in enumerate(phones)
        ),
        fact("email", "メール", patron.email, rules.masked_email(patron.email)),
        *(
            fact(f"mail_{n}", "メール（別）", row["value"], rules.masked_email(row["value"]))
            for n, row in enumerate(mails)
        ),
        fact("contact_by", "連絡方法", patron.get_contact_by_display()),
    ]
    if patron.guardian_name or patron.guardian_phone:
        found.append(fact("guardian_name", "保護者", patron.guardian_name, rules.masked_name(patron.guardian_name)))
        phone = patron.guardian_phone
        found.append(fact("guardian_phone", "保護者の電話", phone, rules.masked_phone(phone)))
    if patron.category.is_group:
        found.append(fact("representative", "代表者", patron.representative))
        found.append(fact("group_kind", "団体の種別", patron.get_group_kind_display()))
    return found


def put_errors(form: forms.Form, error: ValidationError) -> None:
    """An action's refusal at the fields it names, or above the form."""
    if not hasattr(error, "error_dict"):
        form.add_error(None, error)
        return
    for name, problems in error.message_dict.items():
        for problem in problems:
            form.add_error(name if name in form.fields else None, problem)


def words(error: ValidationError) -> str:
    """An action's refusal as one line."""
    return " ".join(error.messages)
