"""Made-up people with usual names; nobody in particular. Deterministic by number."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from random import Random

from django.contrib.auth.hashers import check_password

from app.patrons import kenall
from app.patrons.models import Patron


def _names(kind: str) -> tuple[tuple[str, str], ...]:
    """The names of a kind with their readings, in the order of data/names.tsv."""
    lines = (Path(__file__).parent / "data" / "names.tsv").read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines if line.startswith(f"{kind}\t"))
    return tuple((name, reading) for _, name, reading in rows)


# Their frequencies fall like 1/rank, as in any telephone book.
FAMILY = _names("family")
GIVEN = _names("given")


@dataclass(frozen=True)
class Person:
    """A name with its reading, and a date of birth."""

    name: str
    kana: str
    birth_date: date


def by_rank(random: Random, size: int) -> int:
    """An index below `size`, the first ones far more often (density like 1/rank)."""
    return min(int(size ** random.random()) - 1, size - 1)


def person(number: int, today: date, seed: int = 0) -> Person:
    """The n-th person: every age from three to ninety, children and the retired somewhat more often."""
    random = Random(f"{seed}:person:{number}")  # noqa: S311 - demonstration data
    family, given = FAMILY[by_rank(random, len(FAMILY))], GIVEN[random.randrange(len(GIVEN))]
    age = random.choice((random.randint(3, 15), random.randint(16, 64), random.randint(25, 70), random.randint(60, 90)))
    born = today.replace(month=1, day=1, year=today.year - age) + timedelta(days=random.randrange(365))
    return Person(f"{family[0]} {given[0]}", f"{family[1]} {given[1]}", min(born, today))


@dataclass(frozen=True)
class Home:
    """Where a made-up person lives and answers the phone: a real town, no real lot, a number nobody has."""

    postal_code: str
    address: str
    district: str
    phone: str


@lru_cache(maxsize=1)
def _towns() -> tuple[tuple[kenall.Town, str], ...]:
    """The demonstration's towns with their districts."""
    data = Path(kenall.__file__).parent / "data"
    known = kenall.districts((data / "districts-demo.csv").read_text(encoding="utf-8").splitlines())
    rows = kenall.towns((data / "postcodes-demo.csv").read_text(encoding="utf-8").splitlines())
    return tuple((town, kenall.district_of(town, known)) for town in rows if town.town)


def home(number: int) -> Home:
    """The home of the n-th person. Exchanges that begin with 0 are given to nobody."""
    town, district = _towns()[number % len(_towns())]
    code = f"{town.code[:3]}-{town.code[3:]}"
    return Home(code, f"{town.city}{town.town}{number % 97 + 9000}番地", district, f"0260{number % 1_000_000:06d}")


def category_of(birth_date: date, today: date) -> str:
    """The usual patron category of an age."""
    age = today.year - birth_date.year
    for limit, code in ((6, "infant"), (12, "child"), (15, "junior"), (18, "high")):
        if age <= limit:
            return code
    return "general"


def has_password(patron: Patron, password: str) -> bool:
    """Whether the patron's password is this one already."""
    return bool(patron.password) and check_password(password, patron.password)
