"""The demonstration library: real works as facts, items over the branches, made-up patrons, open loans.

Everything goes through the same actions as at the counter, so what is shown is what the product does. Each part is
left alone once it is there: loading again changes nothing.
"""

import contextlib
import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from app.access import actions as access
from app.access.actor import Actor
from app.access.models import StaffUser
from app.branches import actions as branches
from app.branches.models import Branch
from app.catalog import actions as catalog
from app.catalog import rules, search
from app.catalog.codes import MaterialType, Origin
from app.catalog.models import BibliographicRecord, Item
from app.circulation import actions as circulation
from app.circulation.models import ItemTally, Loan
from app.demo import calendars, front, keeping, names, people, places, showing, trade, waiting
from app.demo.places import Places
from app.exchange.actions import import_marc
from app.patrons import actions as patrons
from app.patrons import kenall
from app.patrons.models import Patron, PatronCategory, Postcode
from app.patrons.rules import with_check_digit
from inventory import load

DATA = Path(__file__).parent / "data"
PLACES = Path(kenall.__file__).parent / "data"
PLACE_FILES = ("postcodes-demo.csv", "districts-demo.csv")
STAFF = (("admin", "管理 太郎", "admin"), ("librarian", "司書 花子", "librarian"), ("counter", "窓口 次郎", "counter"))
PATRONS = 40
LOANS = 60
# Serial numbers of the demonstration's items: ten for each work, the MARC records' after them.
FIRST_MARC_SERIAL = 9001


@dataclass
class Loaded:
    """How many things of each kind were made; empty when everything was there."""

    counts: dict[str, int] = field(default_factory=dict)

    def add(self, what: str, number: int) -> None:
        if number:
            self.counts[what] = self.counts.get(what, 0) + number

    @property
    def changed(self) -> int:
        return sum(self.counts.values())


def works() -> Iterator[dict[str, str]]:
    """The rows of works.csv, in order."""
    with (DATA / "works.csv").open(encoding="utf-8", newline="") as text:
        yield from csv.DictReader(text)


def card_number(number: int) -> str:
    """The card of the n-th demonstration patron (from 1)."""
    return with_check_digit(f"1{number:08d}")


def load_demo(actor: Actor, secrets: Path | None, now: datetime) -> Loaded:
    """Make the demonstration library complete. `secrets` holds files demo_admin … demo_patron with passwords."""
    loaded = Loaded()
    loaded.add("branches", sum(branches.sync(actor, load(settings.INVENTORY), timezone.localdate(now))))
    access.seed_roles()
    there = places.of(Branch.objects.all())
    _staff(actor, there, secrets, loaded)
    loaded.add("calendars", calendars.load(actor, timezone.localdate(now)))
    _postcodes(actor, loaded)
    _works(actor, there, loaded)
    _marc(actor, there, loaded)
    loaded.add("authorities", names.load(actor))
    _patrons(actor, there, secrets, timezone.localdate(now), loaded)
    _loans(actor, now, loaded)
    loaded.add("holds", waiting.load(actor, now))
    loaded.add("shown", front.load(there, now))
    loaded.add("shown", showing.load(actor, there, now))
    loaded.add("trade", trade.load(actor))
    loaded.add("kept", keeping.load(actor, there, card_number(1)))
    # What an upgrade left to be indexed is found at once, also where no clock runs (`./kura dev`).
    with contextlib.suppress(search.Busy):
        search.merge()
    return loaded


def _password(secrets: Path | None, user: str) -> str | None:
    path = secrets / f"demo_{user}" if secrets else None
    return path.read_text(encoding="utf-8").strip() if path and path.is_file() else None


def _staff(actor: Actor, there: Places, secrets: Path | None, loaded: Loaded) -> None:
    if not StaffUser.objects.filter(number=STAFF[0][0]).exists():
        # Its administrator shows the product to whoever looks: no telephone is asked for. A real library keeps it.
        access.put_role(actor, "admin", name="管理者", second_factor=False)
    for number, name, role in STAFF:
        password = _password(secrets, number)
        member = StaffUser.objects.filter(number=number).first()
        if member is None or (password and not member.check_password(password)):
            access.put_staff(actor, number, name=name, roles=(role,), branch=there.main.code, password=password)
            loaded.add("staff", 1)


def _works(actor: Actor, there: Places, loaded: Loaded) -> None:
    known = set(BibliographicRecord.objects.filter(origin=Origin.DEMO).values_list("control_number", flat=True))
    for index, work in enumerate(works()):
        key = hashlib.sha256(f"{work['title']}|{work['creators']}".encode()).hexdigest()[:16]
        if f"(KURA)demo-{key}" in known:
            continue
        with transaction.atomic():
            record = catalog.create_record(actor, _fields(work) | {"control_number": f"(KURA)demo-{key}"}, Origin.DEMO)
            shelves = there.shelves(index, work["material"] in ("child", "picture"))
            for copy, branch in enumerate(shelves):
                catalog.add_item(
                    actor,
                    record.pk,
                    branch,
                    rules.item_barcode(index * 10 + copy + 1),
                    call_number=_call_number(work),
                    location=_location(work["material"]),
                    reference_only=work["material"] == MaterialType.REFERENCE,
                )
        loaded.add("records", 1)
        loaded.add("items", len(shelves))


def _fields(work: dict[str, str]) -> dict[str, object]:
    creators, readings = work["creators"].split("|"), work["creator_readings"].split("|")
    title, _, volume = work["title"].partition(" ") if _has_volume(work["title"]) else (work["title"], "", "")
    isbn = rules.isbn13(work["isbn"])
    return {
        "title": title,
        "title_reading": work["reading"],
        "volume": volume,
        "creators": creators,
        "creator_readings": readings,
        "publisher": work["publisher"],
        "issued": work["year"],
        "ndc": work["ndc"],
        "ndc_edition": 10,
        "material_type": work["material"],
        "isbn13": isbn,
        "subjects": [text.replace("-", "--") for text in work["subjects"].split("|") if text],
    }


def _has_volume(title: str) -> bool:
    """Titles of works.csv carry their volume behind the first space: 「細雪 上」「1Q84 BOOK 1」."""
    rest = title.partition(" ")[2]
    return bool(rest) and rest[0] in "上中下前後第巻一二三1234567890BＢ立風天"


def _call_number(work: dict[str, str]) -> str:
    marks = {"picture": "E", "child": "K" + work["ndc"], "local": "L" + work["ndc"], "reference": "R" + work["ndc"]}
    return f"{marks.get(work['material'], work['ndc'])}/{work['creator_readings'][:1]}"


def _location(material: str) -> str:
    names = {
        "picture": "絵本コーナー",
        "child": "児童",
        "local": "郷土資料",
        "reference": "参考図書",
        "pocket": "文庫・新書",
    }
    return names.get(material, "一般")


def _marc(actor: Actor, there: Places, loaded: Loaded) -> None:
    """The 33 real MARC records; the first 25 have an item, the rest show what is known but not held."""
    records = BibliographicRecord.objects.filter(control_number__startswith="(JTNDL)")
    if not records.exists():
        run = import_marc(actor, (DATA / "japan-marc-33.mrc").read_bytes(), "japan-marc-33.mrc")
        loaded.add("marc_records", run.created)
    for offset, record in enumerate(records.order_by("control_number").defer("marc")[:25]):
        barcode = rules.item_barcode(FIRST_MARC_SERIAL + offset)
        if not Item.objects.filter(barcode=barcode).exists():
            catalog.add_item(actor, record.pk, there.main if offset % 2 else there.second, barcode, location="一般")
            loaded.add("items", 1)


def _postcodes(actor: Actor, loaded: Loaded) -> None:
    """A few of the city's postal codes, where nobody has loaded the real file."""
    if not Postcode.objects.exists():
        codes, districts = ((PLACES / name).read_text(encoding="utf-8").splitlines() for name in PLACE_FILES)
        loaded.add("postcodes", patrons.load_postcodes(actor, codes, PLACE_FILES[0], kenall.districts(districts)))


def _patrons(actor: Actor, there: Places, secrets: Path | None, today: date, loaded: Loaded) -> None:
    patrons.seed_categories()
    categories = {category.code: category for category in PatronCategory.objects.all()}
    known = set(Patron.objects.values_list("card_number", flat=True))
    for number in range(1, PATRONS + 1):
        card = card_number(number)
        if card in known:
            continue
        who, home = people.person(number, today), people.home(number)
        category = categories.get(people.category_of(who.birth_date, today)) or categories["general"]
        patrons.register(
            actor,
            patrons.Registration(
                card_number=card,
                name=who.name,
                kana=who.kana,
                birth_date=who.birth_date,
                category=category,
                branch=there.main if number % 3 else there.second,
                postal_code=home.postal_code,
                address=home.address,
                district=home.district,
                phone=home.phone,
            ),
            today,
        )
        loaded.add("patrons", 1)
    _patron_password(secrets, loaded)


def _patron_password(secrets: Path | None, loaded: Loaded) -> None:
    """The first patron can sign in to My Page at once."""
    password = _password(secrets, "patron")
    patron = Patron.objects.get(card_number=card_number(1))
    if password and not people.has_password(patron, password):
        patrons.set_password(patron, password, temporary=False)
        loaded.add("patron_password", 1)


def _loans(actor: Actor, now: datetime, loaded: Loaded) -> None:
    """Open loans of the last three weeks, a few overdue; none when anything was ever lent."""
    if Loan.objects.exists() or ItemTally.objects.exists():
        return
    borrowers = list(
        Patron.objects.filter(card_number__in=[card_number(n) for n in range(1, 16)]).order_by("card_number")
    )
    items = list(
        Item.objects.filter(barcode__in=[rules.item_barcode(n * 40 + 1) for n in range(LOANS)])
        .select_related("branch")
        .order_by("barcode")
    )
    noon = datetime.combine(timezone.localdate(now), time(12, 0), tzinfo=timezone.get_current_timezone())
    for index, item in enumerate(items):
        lent = noon - timedelta(days=1 + (index * 7) % 20)
        outcome = circulation.lend(actor, borrowers[index % len(borrowers)].pk, item.barcode, item.branch, now=lent)
        loaded.add("loans", int(outcome.acted))
