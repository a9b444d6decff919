"""The console's menu: sections of pages. An area adds its pages in its AppConfig.ready()."""

from __future__ import annotations

from dataclasses import dataclass

from app.operations.access import Role

# In the order of the bar.
SECTIONS = ("状況", "受付", "作業", "台帳", "ログ", "管理")


@dataclass(frozen=True)
class Entry:
    """One page of the menu. `key` is what its template context calls `here`; `roles` empty: for everybody."""

    section: str
    key: str
    title: str
    url: str
    arguments: tuple[str, ...] = ()
    roles: tuple[Role, ...] = ()


_entries: list[Entry] = []


def add(section: str, key: str, title: str, url: str, *, roles: tuple[Role, ...] = ()) -> None:
    """Put a page (a URL name without arguments) into a section; KeyError for a section that does not exist."""
    if section not in SECTIONS:
        raise KeyError(section)
    entry = Entry(section, key, title, url, (), roles)
    if entry not in _entries:
        _entries.append(entry)


def entries(boards: list[tuple[str, str]], role: Role | None) -> list[tuple[str, list[Entry]]]:
    """Sections with the pages that this role sees; `boards` (id, title) are the dashboards."""
    drawn = [Entry("状況", board, title, "operations:dashboard", (board,)) for board, title in boards]
    own = [entry for entry in _entries if not entry.roles or role in entry.roles]
    last = [entry for entry in own if entry.key == "runbooks"]
    shown = [*(entry for entry in own if entry not in last), *drawn, *last]
    sections = [(name, [entry for entry in shown if entry.section == name]) for name in SECTIONS]
    return [(name, found) for name, found in sections if found]
