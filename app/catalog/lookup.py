"""From a code read at the desk to candidates: our own records first, else the national library's, over SRU."""

import re
import unicodedata
from dataclasses import dataclass, field
from http.client import HTTPException
from time import monotonic
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from django.conf import settings

from app.catalog import dcndl, rules
from app.catalog.models import BibliographicRecord
from app.catalog.search import Query, search

# A cataloguer waits at the desk: ten seconds from the reading to the candidates (F-CAT-005). No single step may take
# longer than the first, nor all together longer than the second plus one step.
STEP_SECONDS = 3.0
WHOLE_SECONDS = 6.0
_PIECE = 64 * 1024
LARGEST_ANSWER = 4 * 1024 * 1024
MOST = 10
NO_MAGAZINE = "この雑誌コードの雑誌は登録されていません。誌名で探し、書誌のISSN欄に雑誌コードを登録してください。"
NO_ANSWER = "国立国会図書館に照会できませんでした。しばらくしてからもう一度読み取るか、手入力してください。"
_JAPANESE_MAGAZINE = re.compile(r"^491([0-9]{10})(?:[0-9]{5})?$")


@dataclass(frozen=True)
class Code:
    """What was read: kind isbn, issn, magazine or "" for anything else; `number` as it is kept, `issue` in words."""

    kind: str
    number: str
    issue: str = ""


@dataclass(frozen=True)
class Candidates:
    """What was found: records of ours, else descriptions of the national library; `problem` is a sentence."""

    code: Code
    own: list[BibliographicRecord] = field(default_factory=list)
    theirs: list[dict[str, Any]] = field(default_factory=list)
    problem: str = ""


class Unreachable(Exception):
    """The national library gave no answer that can be used; the text is for the screen."""


def read(text: str) -> Code:
    """What a code is: ISBN in any writing, the ISSN or its barcode (977…), the magazine code or its barcode (491…).

    The magazine barcode has five digits of the title's code, month and year of the issue; its second part is the
    price. Pure.
    """
    plain = re.sub(r"[\s\-－]", "", unicodedata.normalize("NFKC", text)).upper()
    if isbn := rules.isbn13(plain):
        return Code("isbn", isbn)
    if (found := _JAPANESE_MAGAZINE.match(plain)) and rules.ean_check_digit(plain[:12]) == plain[12]:
        digits = found.group(1)
        return Code("magazine", digits[1:6], f"{int(digits[6:8])}月号" if digits[6:8] != "00" else "")
    if re.fullmatch(r"[0-9]{5}/?[0-9]{2}(/[0-9]{2})?", plain):
        month = re.split(r"/", plain.replace("/", "", 1) if "/" not in plain[:6] else plain)[0]
        return Code("magazine", plain[:5], f"{int(re.sub('[^0-9]', '', plain)[5:7])}月号" if month else "")
    if re.fullmatch(r"977[0-9]{10}([0-9]{2}|[0-9]{5})?", plain) and rules.ean_check_digit(plain[:12]) == plain[12]:
        return Code("issn", issn(plain[3:10]))
    if re.fullmatch(r"[0-9]{7}[0-9X]", plain) and issn(plain[:7])[-1] == plain[7]:
        return Code("issn", f"{plain[:4]}-{plain[4:]}")
    return Code("", plain[:40])


def issn(body: str) -> str:
    """The ISSN of seven digits, with hyphen and check digit. Pure."""
    check = -sum(int(digit) * (8 - place) for place, digit in enumerate(body)) % 11
    return f"{body[:4]}-{body[4:]}{'X' if check == 10 else check}"


def candidates(text: str) -> Candidates:
    """What describes the thing whose code was read. One or two SQL statements; then, for an ISBN or ISSN that we do
    not have, one question to the national library, which takes nine seconds at most."""
    code = read(text)
    if not code.kind:
        return Candidates(code, problem="ISBN・ISSN・雑誌コードとして読み取れません。読み直してください。")
    own = _own(code)
    if own or code.kind == "magazine":
        problem = (
            ""
            if own
            else "この雑誌コードの雑誌は登録されていません。誌名で探して、ISSN欄の雑誌コードを登録してください。"
        )
        return Candidates(code, own, problem=problem)
    try:
        return Candidates(code, theirs=ask(code))
    except Unreachable as problem:
        return Candidates(code, problem=str(problem))


def _own(code: Code) -> list[BibliographicRecord]:
    rows = BibliographicRecord.objects.filter(merged__isnull=True).defer("marc", "contents", "notes")
    if code.kind == "isbn":
        found = list(rows.filter(isbn13=code.number).order_by("pk")[:MOST])
        if found:
            return found
        # A record's other ISBNs stand in the index.
        ids = [hit.record_id for hit in search(Query(text=code.number, size=MOST)).hits]
        return [row for row in rows.filter(pk__in=ids) if code.number in row.other_isbns]
    return list(rows.filter(issn=code.number).order_by("pk")[:MOST])


def is_on() -> bool:
    """Whether this library asks the national library at all."""
    return bool(settings.NATIONAL_LIBRARY_SRU)


def ask(code: Code) -> list[dict[str, Any]]:
    """The national library's descriptions of an ISBN or ISSN; [] when it has none. Unreachable says why not."""
    if not is_on():
        raise Unreachable("当館のMARCにありません。国立国会図書館への照会は設定されていません。")
    question = urlencode(
        {
            "operation": "searchRetrieve",
            "version": "1.2",
            "recordSchema": "dcndl",
            "recordPacking": "xml",
            "maximumRecords": MOST,
            "query": f'{code.kind}="{code.number}"',
        }
    )
    request = Request(f"{settings.NATIONAL_LIBRARY_SRU}?{question}", headers={"User-Agent": "Kura"})  # noqa: S310
    try:
        content = _answer(request)
    except (OSError, HTTPException, ValueError) as error:
        raise Unreachable(
            "国立国会図書館に照会できませんでした。しばらくしてからもう一度読み取るか、手入力してください。"
        ) from error
    try:
        return dcndl.records_of(content)
    except dcndl.NotAnAnswer as error:
        raise Unreachable("国立国会図書館の応答を読み取れませんでした。手入力してください。") from error


def _answer(request: Request) -> bytes:
    """The bytes of the answer. OSError when it is too slow or too large."""
    end = monotonic() + WHOLE_SECONDS
    content = b""
    with urlopen(request, timeout=STEP_SECONDS) as answer:  # noqa: S310 - the address is the site's own setting
        while piece := answer.read1(_PIECE):
            content += piece
            if monotonic() > end or len(content) > LARGEST_ANSWER:
                raise OSError("too slow or too large an answer")
    return content
