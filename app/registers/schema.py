"""The shape of a register's definition (`definitions/*.yml`), and the reading of it.

A definition is data: fields, what makes a row late or faulty, what the whole register must satisfy, who approves,
which papers come out of it, and which rows follow from the inventory. An error names file, place and reason.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator, model_validator

from app.registers.expressions import Expression, ExpressionError, read

FOLDER = Path(__file__).parent / "definitions"
Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=300)]
Kind = Literal[
    "text", "lines", "date", "moment", "number", "money", "percent", "flag", "choice", "choices", "link", "links"
]
# In the order of the index.
GROUPS = ("進行管理", "契約と協議", "機器とソフトウェア", "運用と保守", "情報の取扱い", "個人情報", "体制と教育")
Group = Literal["進行管理", "契約と協議", "機器とソフトウェア", "運用と保守", "情報の取扱い", "個人情報", "体制と教育"]
Level = Literal["refuse", "late", "bad", "warn"]
# Addresses of the registers' own pages.
TAKEN = ("search", "issued")
# Names every expression may use besides fields, and the functions (app/registers/rules.py).
NAMES = {"today", "approved", "rejected", "number", "issued", "True", "False", "None"}
CALLS = {
    "years", "months", "days", "opening_days", "filled", "total", "count", "fact", "latest", "stage_of", "value_of",
    "length", "unsettled", "max_of", "count_pair",
}  # fmt: skip


class DefinitionError(ValueError):
    """A definition that cannot be used; says file, place and reason."""


class Part(BaseModel):
    """A part of a definition: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


def _read(text: object) -> object:
    if not isinstance(text, str):
        return text
    try:
        return read(text)
    except ExpressionError as error:
        raise ValueError(str(error)) from None


class FieldDef(Part):
    """One field. `of` names where choices come from (`fact:places`, `register:issues`); `after` may still be filled in
    once the row is approved; `computed` is worked out and never typed; `default` is what an empty form shows."""

    key: Key
    label: Text
    kind: Kind = "text"
    required: bool = False
    listed: bool = False
    choices: tuple[Text, ...] = ()
    of: Annotated[str, StringConstraints(pattern=r"^(fact|register):[a-z][a-z0-9_]*$")] = ""
    suggest: Annotated[str, StringConstraints(pattern=r"^(fact:[a-z][a-z0-9_]*)?$")] = ""
    help: str = ""
    computed: Expression | None = None
    default: str = ""
    after: bool = False
    unique: bool = False

    _expression = field_validator("computed", mode="before")(_read)

    @property
    def target(self) -> str:
        """The register that a link leads to; empty for other fields."""
        return self.of.removeprefix("register:") if self.kind in ("link", "links") else ""


class Judgement(Part):
    """What is wrong with a row when `when` holds. `refuse` keeps the form from being saved."""

    level: Level
    when: Expression
    text: Text
    field: str = ""

    _expression = field_validator("when", mode="before")(_read)


class Check(Part):
    """What the register as a whole must satisfy.

    covers  everything of `of` (`fact:hosts`, `register:staff.name`, `choices`: the field's own) stands in `field` of a
            row for which `when` holds
    within  each value of `field` stands in `of`
    tally   rows counted by `field` equal the numbers of `of` (`fact:` a mapping, or `register:id.field.number`)
    monthly a row for each month from the first day of service, by the date in `field`
    at_least as many different values of `field` as the number `of`, a fact, says
    yearly  everything of `of` stands in `field` of a row whose date `on_day` lies within a year before today
    """

    kind: Literal["covers", "within", "tally", "monthly", "at_least", "yearly"]
    on_day: str = ""
    field: Key
    of: str = ""
    when: Expression | None = None
    text: Text

    _expression = field_validator("when", mode="before")(_read)


class Approval(Part):
    """Who says yes: `word` as on the screen (承諾), `steps` in their order, the last one gives the number."""

    word: Text = "承認"
    steps: tuple[Text, ...] = ("承認",)
    prefix: Text = "承認"


class Paper(Part):
    """A Word document: of one row, or of the register (`scope`), with other registers (`beside`).

    `kept`: each one made gets a number and its copy stays. `fields` empty: all. `sentence` follows the facts;
    `weekly` names the week and shows what is late only; `count_by` and `top_by` are counted.
    """

    id: Key
    title: Text
    scope: Literal["entry", "register"] = "entry"
    sentence: str = ""
    fields: tuple[Key, ...] = ()
    beside: tuple[Key, ...] = ()
    count_by: str = ""
    top_by: str = ""
    kept: bool = False
    seals: tuple[Text, ...] = ("承認", "確認", "作成")
    weekly: bool = False


class Seed(Part):
    """Rows that follow from the truth elsewhere: `of` a fact that is a list of mappings, known by `key`.

    `follow` fields are kept as the fact says, `begin` fields are filled once and then belong to whoever edits them.
    """

    of: Key
    key: Key
    follow: dict[str, str] = Field(default_factory=dict)
    begin: dict[str, str] = Field(default_factory=dict)


class Spawn(Part):
    """Each line of `field` becomes a row of `register`; the line then carries its number."""

    field: Key
    register_id: Key
    title: Key
    back: Key


class Definition(Part):
    """One register."""

    id: Key
    title: Text
    group: Group
    prefix: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2,4}$")]
    purpose: Text
    requirements: tuple[str, ...]
    name: Key
    fields: tuple[FieldDef, ...]
    rows: tuple[Judgement, ...] = ()
    whole: tuple[Check, ...] = ()
    settled: Expression | None = None
    approval: Approval | None = None
    closing: str = ""
    papers: tuple[Paper, ...] = ()
    seed: Seed | None = None
    spawn: Spawn | None = None

    _expression = field_validator("settled", mode="before")(_read)

    @model_validator(mode="after")
    def _fits(self) -> Definition:
        """Every name that is used is there."""
        keys = [field.key for field in self.fields]
        if len(set(keys)) != len(keys):
            raise ValueError("two fields of one key")
        known = set(keys)
        used = [("name", {self.name}), *((f"paper {paper.id}", set(paper.fields)) for paper in self.papers)]
        used += [(f"check {check.kind}", {check.field, check.on_day} - {""}) for check in self.whole]
        used += [(f"judgement {row.text}", {row.field} - {""}) for row in self.rows]
        if self.seed:
            used.append(("seed", {self.seed.key, *self.seed.follow, *self.seed.begin}))
        for where, names in used:
            if names - known:
                raise ValueError(f"{where}: no field {', '.join(sorted(names - known))}")
        for where, expression in self.expressions():
            if unknown := (expression.names - known - NAMES) | (expression.calls - CALLS):
                raise ValueError(f"{where}: {expression.text!r} uses {', '.join(sorted(unknown))}, which is not there")
        for field in self.fields:
            if field.kind in ("choice", "choices") and not (field.choices or field.of.startswith("fact:")):
                raise ValueError(f"{field.key}: a choice needs choices")
            if field.kind in ("link", "links") and not field.of.startswith("register:"):
                raise ValueError(f"{field.key}: a link needs of: register:…")
        return self

    def expressions(self) -> list[tuple[str, Expression]]:
        """Every expression with the place where it stands."""
        found = [(f"field {f.key}", f.computed) for f in self.fields]
        found += [(f"judgement {row.text}", row.when) for row in self.rows]
        found += [(f"check {check.kind}", check.when) for check in self.whole]
        found.append(("settled", self.settled))
        return [(where, expression) for where, expression in found if expression is not None]

    def field(self, key: str) -> FieldDef:
        """The field of that key; KeyError when there is none."""
        for field in self.fields:
            if field.key == key:
                return field
        raise KeyError(key)

    def paper(self, paper_id: str) -> Paper:
        """The paper of that id; KeyError when there is none."""
        for paper in self.papers:
            if paper.id == paper_id:
                return paper
        raise KeyError(paper_id)

    @property
    def typed(self) -> tuple[FieldDef, ...]:
        """Fields that somebody fills in."""
        return tuple(field for field in self.fields if field.computed is None)

    @property
    def listed(self) -> tuple[FieldDef, ...]:
        """Fields of the list, besides the number."""
        return tuple(field for field in self.fields if field.listed)


def load(path: Path) -> Definition:
    """One definition from its file. DefinitionError says what is wrong where."""
    try:
        data: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        found = Definition.model_validate(data)
    except yaml.YAMLError as error:
        raise DefinitionError(f"{path.name}: {error}") from None
    except ValidationError as error:
        lines = [f"{path.name}: {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        raise DefinitionError("\n".join(lines)) from None
    if found.id != path.stem or found.id in TAKEN:
        raise DefinitionError(f"{path.name}: id is {found.id}, which must be the file's name and none of {TAKEN}")
    return found


@lru_cache(maxsize=4)
def definitions(folder: Path = FOLDER) -> dict[str, Definition]:
    """Every register by its id, in the order of groups and prefixes. Links must lead somewhere."""
    read_in = sorted((load(path) for path in folder.glob("*.yml")), key=lambda d: (GROUPS.index(d.group), d.prefix))
    found = {d.id: d for d in read_in}
    prefixes: dict[str, str] = {}
    for definition in found.values():
        if prefixes.setdefault(definition.prefix, definition.id) != definition.id:
            raise DefinitionError(f"{definition.id}: prefix {definition.prefix} is {prefixes[definition.prefix]}'s")
        others = [(f.key, f.target) for f in definition.fields if f.target]
        others += [(check.kind, name) for check in definition.whole if (name := _register_of(check.of))]
        others += [("spawn", definition.spawn.register_id)] if definition.spawn else []
        others += [(paper.id, name) for paper in definition.papers for name in paper.beside]
        for where, target in others:
            if target not in found:
                raise DefinitionError(f"{definition.id}: {where}: there is no register {target}")
    return found


def _register_of(of: str) -> str:
    return of.removeprefix("register:").split(".")[0] if of.startswith("register:") else ""
