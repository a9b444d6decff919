"""Records of the exchange formats, as bytes, for tests."""

from collections.abc import Iterable

Line = tuple[str, str, str] | tuple[str, str]


def iso2709(lines: Iterable[Line], status: str = "n", kind: str = "am", marks: str = "22", part: str = " ") -> bytes:
    """A MARC 21 record: (tag, data) for control fields, (tag, indicators, "$aText$bText") for the others."""
    fields = []
    for line in lines:
        if len(line) == 2:
            fields.append((line[0], line[1].encode() + b"\x1e"))
        else:
            fields.append((line[0], (line[1] + line[2].replace("$", "\x1f")).encode() + b"\x1e"))
    return _whole(fields, f"{status}{kind} a{marks}", f" i{part}4500" if marks == "22" else "   450 ")


def trc(fields: Iterable[tuple[str, list[tuple[str, str, str]]]], number: str, status: str = "N") -> bytes:
    """A record of the T type: per tag its subfields as (letter, text, mode); mode 2 is JIS X 0208, 1 Shift JIS."""
    made = [("001", number.encode() + b"\x1e")]
    for tag, parts in fields:
        body = b""
        for letter, text, mode in parts:
            data = text.encode("iso2022_jp")[3:-3] if mode == "2" else text.encode("cp932")
            body += b"\x1f" + letter.encode() + b"%03d" % len(data) + mode.encode() + data
        made.append((tag, body + b"\x1e"))
    return _whole(made, f"{status}AM  06", " I 450 ")


def _whole(fields: list[tuple[str, bytes]], label: str, tail: str) -> bytes:
    directory, body = b"", b""
    for tag, data in fields:
        directory += b"%s%04d%05d" % (tag.encode(), len(data), len(body))
        body += data
    base = 24 + len(directory) + 1
    length = base + len(body) + 1
    leader = f"{length:05}{label}{base:05}{tail}".encode()
    assert len(leader) == 24, leader
    return leader + directory + b"\x1e" + body + b"\x1d"


def book(number: int, title: str, *more: Line, status: str = "n") -> bytes:
    """A small book of the national bibliography."""
    lines: list[Line] = [
        ("001", f"{number:09}"),
        ("003", "JTNDL"),
        ("008", "190212s2019    ja ||||g |||| ||||||jpn  "),
        ("015", "  ", f"$a{number}$2jnb"),
        ("245", "00", f"$a{title}"),
    ]
    return iso2709([*lines, *more], status)


def xml(*records: str, prefix: str = "") -> bytes:
    """A MARCXML file of these record elements."""
    name = f"{prefix}:" if prefix else ""
    space = f":{prefix}" if prefix else ""
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<{name}collection xmlns{space}="http://www.loc.gov/MARC21/slim">'
    return (head + "\n".join(records) + f"</{name}collection>").encode()
