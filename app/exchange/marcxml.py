"""MARCXML: a collection of records as XML, read record by record so that one broken record harms no other. Pure."""

import re
from collections.abc import Iterator
from mmap import mmap
from xml.etree import ElementTree

from app.exchange.records import Field, MalformedRecord, Record, Subfield

NAMESPACE = "http://www.loc.gov/MARC21/slim"
_START = re.compile(rb"<(?:([A-Za-z_][\w.-]*):)?record[\s>]")
_ENCODING = re.compile(rb"^\s*(?:\xef\xbb\xbf)?<\?xml[^>]*encoding=[\"']([A-Za-z0-9_.:-]+)[\"']")
_DECLARES = re.compile(rb"<!(?:DOCTYPE|ENTITY)")


def is_xml(content: bytes | mmap) -> bool:
    """True when the file is XML rather than ISO 2709."""
    return content[:64].lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<")


def elements(content: bytes | mmap) -> Iterator[tuple[int, bytes, str]]:
    """Offset, bytes and damage ("" when whole) of every `record` element of a file."""
    named = _ENCODING.match(content[:200])
    damage = ""
    if named and named[1].lower() not in (b"utf-8", b"us-ascii"):
        damage = f"文字コードがUTF-8ではありません({named[1].decode()})"
    at = 0
    while found := _START.search(content, at):
        end_tag = b"</" + (found[1] + b":" if found[1] else b"") + b"record>"
        end = content.find(end_tag, found.start())
        following = _START.search(content, found.end())
        if end < 0 or (following and following.start() < end):
            stop = following.start() if following else len(content)
            yield found.start(), bytes(content[found.start() : stop]), damage or "レコードが途中で終わっています"
        else:
            stop = end + len(end_tag)
            yield found.start(), bytes(content[found.start() : stop]), damage
        at = stop


def parse(data: bytes) -> Record:
    """The record of one element; MalformedRecord with the reason when it cannot be read."""
    if _DECLARES.search(data):
        raise MalformedRecord("XMLの宣言は書誌の中に置けません")
    found = _START.match(data)
    prefix = found[1] if found else None
    declared = b' xmlns:%s="%s"' % (prefix, NAMESPACE.encode()) if prefix else b""
    try:
        # The prefix is declared on the collection, which is not part of the record's own bytes.
        root = ElementTree.fromstring(b"<k" + declared + b">" + data + b"</k>")  # noqa: S314 - no declarations in it
    except (ElementTree.ParseError, ValueError) as error:
        raise MalformedRecord(f"XMLとして読めません({error})") from error
    leader, fields = "", []
    for element in root[0]:
        name = element.tag.rpartition("}")[2]
        if name == "leader":
            leader = element.text or ""
        elif name == "controlfield":
            fields.append(Field(element.get("tag", ""), element.text or ""))
        elif name == "datafield":
            parts = [Subfield(part.get("code", " "), part.text or "") for part in element]
            marks = (element.get("ind1") or " ")[:1] + (element.get("ind2") or " ")[:1]
            fields.append(Field(element.get("tag", ""), "", marks, parts))
    return Record(leader.ljust(24), fields)
