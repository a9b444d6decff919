"""DC-NDL (RDF), as the national library's search answers over SRU: bytes to fields of a record. Pure.

A record's data stands in `recordData` either as elements or as escaped text, whatever was asked for. The title's
reading and the authors' readings stand beside them in `dcndl:transcription`; numbers and classes are told apart by
`rdf:datatype`, or by the address they are given as.
"""

import re
import unicodedata
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from app.catalog import rules
from app.catalog.codes import MarcFormat, MaterialType, Origin

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_DCNDL = "{http://ndl.go.jp/dcndl/terms/}"
_TERMS = "{http://purl.org/dc/terms/}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_FOAF = "{http://xmlns.com/foaf/0.1/}"
_SRW = "{http://www.loc.gov/zing/srw/}"
_NDC = re.compile(r"(?:/class/)?ndc(8|9|10)/?([0-9]{1,3}(?:\.[0-9]+)?)?$", re.I)
_BIRTH = re.compile(r",?\s*[0-9]{4}-([0-9]{4})?$")
_MATERIAL = {"Sound": MaterialType.CD, "MovingImage": MaterialType.DVD, "Map": MaterialType.MAP}


class NotAnAnswer(ValueError):
    """These bytes are no answer of the service; the text says why, or what the service itself complains about."""


def records_of(content: bytes) -> list[dict[str, Any]]:
    """The records of an SRU answer as fields of BibliographicRecord, in its order. NotAnAnswer for anything else."""
    root = _parsed(content)
    if not root.tag.endswith("searchRetrieveResponse"):
        raise NotAnAnswer(f"unexpected {root.tag}")
    for diagnostic in root.iter():
        if diagnostic.tag.endswith("}message") and diagnostic.text:
            raise NotAnAnswer(diagnostic.text.strip()[:200])
    found = []
    for data in root.iter(f"{_SRW}recordData"):
        described = data if len(data) else _parsed((data.text or "").encode())
        resource = next((one for one in described.iter(f"{_DCNDL}BibResource") if _title(one)[0]), None)
        if resource is not None:
            found.append(_fields(resource))
    return found


def _parsed(content: bytes) -> Element:
    # Entities that expand without end need a document type; an answer has none.
    if b"<!DOCTYPE" in content[:4096].upper() or b"<!ENTITY" in content.upper():
        raise NotAnAnswer("a document type declaration")
    try:
        return ElementTree.fromstring(content)  # noqa: S314 - expat expands nothing without a document type
    except ElementTree.ParseError as error:
        raise NotAnAnswer(f"no XML: {error}") from error


def _fields(resource: Element) -> dict[str, Any]:
    title, reading = _title(resource)
    names, readings = _agents(resource, f"{_TERMS}creator")
    publishers, publisher_readings = _agents(resource, f"{_TERMS}publisher")
    volume, _ = _described(resource, f"{_DCNDL}volume")
    issued = _text(resource, f"{_TERMS}date") or _text(resource, f"{_TERMS}issued")
    isbns = [isbn for text in _identifiers(resource, "ISBN") if (isbn := rules.isbn_in(text))]
    ndc, edition = _class(resource)
    number = next(iter(_identifiers(resource, "JPNO")), None)
    return {
        "origin": Origin.MARC,
        "national_number": number,
        "title": title,
        "title_reading": reading,
        "volume": volume,
        "edition": _text(resource, f"{_DCNDL}edition"),
        "statement": " ; ".join(_texts(resource, f"{_DC}creator")),
        "creators": names,
        "creator_readings": readings,
        "publisher": publishers[0] if publishers else "",
        "publisher_reading": publisher_readings[0] if publisher_readings else "",
        "place": _text(resource, f"{_DCNDL}publicationPlace") if not publishers else _place(resource),
        "issued": issued,
        "year": rules.year_of(issued),
        "isbn13": isbns[0] if isbns else "",
        "other_isbns": isbns[1:],
        "ndc": ndc,
        "ndc_edition": edition,
        "subjects": _subjects(resource),
        "series": [text for text, _ in _all_described(resource, f"{_DCNDL}seriesTitle")],
        "extent": _text(resource, f"{_TERMS}extent"),
        "language": (_text(resource, f"{_TERMS}language") or "jpn")[:3],
        "material_type": _material(resource),
        "marc": ElementTree.tostring(resource, encoding="utf-8"),
        "marc_format": MarcFormat.DCNDL,
    }


def _clean(text: str | None) -> str:
    return " ".join(unicodedata.normalize("NFC", text or "").split())


def _texts(parent: Element, tag: str) -> list[str]:
    return [text for one in parent.findall(tag) if (text := _clean(one.text))]


def _text(parent: Element, tag: str) -> str:
    return next(iter(_texts(parent, tag)), "")


def _all_described(parent: Element, tag: str) -> list[tuple[str, str]]:
    """Values that are given with their reading: text and reading of each."""
    found = []
    for one in parent.findall(tag):
        inner = one.find(f"{_RDF}Description")
        value = _text(inner, f"{_RDF}value") if inner is not None else _clean(one.text)
        if value:
            found.append((value, _text(inner, f"{_DCNDL}transcription") if inner is not None else ""))
    return found


def _described(parent: Element, tag: str) -> tuple[str, str]:
    return next(iter(_all_described(parent, tag)), ("", ""))


def _title(resource: Element) -> tuple[str, str]:
    """The title with its reading; without the longer form, the short one."""
    title, reading = _described(resource, f"{_DC}title")
    return (title or _text(resource, f"{_TERMS}title"), reading)


def _agents(resource: Element, tag: str) -> tuple[list[str], list[str]]:
    """Names without years of birth, and their readings in the same order. Distributors (発売) are left out."""
    names, readings = [], []
    for one in resource.findall(tag):
        agent = one.find(f"{_FOAF}Agent")
        if agent is None:
            continue
        if any("発売" in (note.text or "") for note in agent.iter(f"{_TERMS}description")):
            continue
        name = _BIRTH.sub("", _text(agent, f"{_FOAF}name"))
        if name:
            names.append(name.replace(", ", " "))
            readings.append(_BIRTH.sub("", _text(agent, f"{_DCNDL}transcription")).replace(", ", " "))
    return names, readings


def _place(resource: Element) -> str:
    for one in resource.iter(f"{_DCNDL}location"):
        return _clean(one.text)
    return ""


def _identifiers(resource: Element, kind: str) -> list[str]:
    tags = (f"{_TERMS}identifier", f"{_DC}identifier")
    return [
        _clean(one.text)
        for tag in tags
        for one in resource.findall(tag)
        if one.get(f"{_RDF}datatype", "").rsplit("/", 1)[-1].startswith(kind) and one.text
    ]


def _class(resource: Element) -> tuple[str, int | None]:
    """The NDC number of the newest edition that is given."""
    found: dict[int, str] = {}
    for one in resource.iter():
        if one.tag not in (f"{_TERMS}subject", f"{_DC}subject"):
            continue
        address = _NDC.search(one.get(f"{_RDF}resource", ""))
        kind = _NDC.search(one.get(f"{_RDF}datatype", "").replace("NDC", "ndc"))
        if address and address.group(2):
            found.setdefault(int(address.group(1)), address.group(2))
        elif kind and rules.is_ndc(_clean(one.text)):
            found.setdefault(int(kind.group(1)), _clean(one.text))
    edition = max(found, default=None)
    return (found[edition], edition) if edition else ("", None)


def _subjects(resource: Element) -> list[str]:
    found = [value for value, _ in _all_described(resource, f"{_TERMS}subject")]
    return list(dict.fromkeys(value for value in found if not rules.is_ndc(value)))


def _material(resource: Element) -> str:
    for one in resource.iter(f"{_DCNDL}materialType"):
        name = one.get(f"{_RDF}resource", "").rsplit("/", 1)[-1]
        if name in _MATERIAL:
            return _MATERIAL[name]
    return MaterialType.BOOK
