"""The register's own tables: categories and terms."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from app.access import actions as access
from app.access.actor import Actor
from app.audit import actions as audit
from app.patrons.actions.operations import SETTINGS
from app.patrons.models import PatronCategory, PatronPolicy

# code, name, years of validity, group, ages on 1 April, may ask other libraries
CATEGORIES = (
    ("general", "一般", 3, False, (18, 200), True),
    ("high", "高校生", 3, False, (15, 17), True),
    ("junior", "中学生", 3, False, (12, 14), True),
    ("child", "児童", 3, False, (6, 11), True),
    ("infant", "幼児", 3, False, (0, 5), True),
    ("wide", "広域", 1, False, (None, None), False),
    ("group", "団体", 1, True, (None, None), True),
    ("staff", "職員", 1, False, (None, None), True),
)


def seed_categories() -> None:
    """The usual categories, in a register that has none."""
    if not PatronCategory.objects.exists():
        PatronCategory.objects.bulk_create(
            PatronCategory(
                code=code,
                name=name,
                validity_years=years,
                is_group=group,
                age_from=ages[0],
                age_until=ages[1],
                may_ill=may_ill,
                order=order,
            )
            for order, (code, name, years, group, ages, may_ill) in enumerate(CATEGORIES)
        )


def after_migrate(sender: Any, using: str, **_: Any) -> None:
    """`post_migrate`: a new register has categories and terms."""
    if using == "default":
        seed_categories()
        PatronPolicy.objects.get_or_create(pk=1)


@transaction.atomic
def put_category(actor: Actor, category: PatronCategory) -> PatronCategory:
    """Add or change a category. ValidationError for ages that another category has too: a child belongs to one."""
    access.require(actor, SETTINGS)
    low, high = category.age_from, category.age_until
    if (low is None) != (high is None) or (low is not None and high is not None and low > high):
        raise ValidationError({"age_until": "年齢は「から」と「まで」を小さい順に入力してください。"})
    if low is not None:
        others = PatronCategory.objects.exclude(pk=category.pk).filter(age_from__lte=high, age_until__gte=low)
        if other := others.first():
            raise ValidationError({"age_from": f"「{other.name}」の年齢と重なります。"})
    category.save()
    audit.record(actor, SETTINGS, subject_type="category", subject_id=category.code)
    return category


@transaction.atomic
def put_policy(actor: Actor, policy: PatronPolicy) -> PatronPolicy:
    """Change the register's terms."""
    access.require(actor, SETTINGS)
    names = [field.attname for field in PatronPolicy._meta.concrete_fields if not field.primary_key]
    values = {name: getattr(policy, name) for name in names}
    changed, _ = PatronPolicy.objects.update_or_create(pk=1, defaults=values)
    audit.record(actor, SETTINGS, detail={"changed": "policy"})
    return changed
