"""The first load of a full file: the same records as the careful way, cut and gone on with."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from app.access.actor import system
from app.catalog import search as search_service
from app.catalog.models import BibliographicRecord
from app.exchange.actions import import_marc, load_marc
from app.exchange.actions import loading as loader
from app.exchange.models import ImportRun, LoadedPart
from app.exchange.tests.marc_files import book
from app.exchange.tests.test_formats import NCR2018
from app.exchange.tests.test_marc import FILE

IMPORTER = system("test")


@pytest.mark.django_db
def test_the_first_load_gives_the_same_records_as_the_careful_way(tmp_path: Path) -> None:
    path = tmp_path / "full.mrc"
    path.write_bytes(FILE.read_bytes() + NCR2018 + b"00100nam broken\x1d")
    import_marc(IMPORTER, path.read_bytes(), "careful.mrc")
    names = [
        f.name for f in BibliographicRecord._meta.concrete_fields if f.name not in ("id", "created_at", "updated_at")
    ]
    careful = list(BibliographicRecord.objects.order_by("control_number").values(*names))
    BibliographicRecord.objects.all().delete()
    ImportRun.objects.all().delete()
    run = load_marc(IMPORTER, path, processes=1)
    assert (run.state, run.created, run.set_aside, run.position) == (ImportRun.State.DONE, 34, 1, 35)
    loaded = list(BibliographicRecord.objects.order_by("control_number").values(*names))
    assert len(loaded) == 34
    assert [{k: bytes(v) if k == "marc" else v for k, v in row.items()} for row in loaded] == [
        {k: bytes(v) if k == "marc" else v for k, v in row.items()} for row in careful
    ]


@pytest.mark.django_db
def test_a_first_load_that_was_cut_leaves_out_the_parts_that_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loader, "PART", 10)
    path = tmp_path / "full.mrc"
    path.write_bytes(b"".join(book(n, f"本{n}") for n in range(1, 36)))
    parts: list[int] = []
    whole = loader._load

    def cut(part: loader.Part) -> int:
        parts.append(part.offset)
        if len(parts) == 3:
            raise KeyboardInterrupt
        return whole(part)

    monkeypatch.setattr(loader, "_load", cut)
    with pytest.raises(KeyboardInterrupt):
        load_marc(IMPORTER, path, processes=1)
    assert (BibliographicRecord.objects.count(), LoadedPart.objects.count()) == (20, 2)
    run = load_marc(IMPORTER, path, processes=1)
    assert (run.created, run.position, BibliographicRecord.objects.count()) == (35, 35, 35)
    assert len(parts) == 3 + 2


@pytest.mark.django_db
def test_a_number_that_is_there_already_is_no_obstacle_to_the_first_load(tmp_path: Path) -> None:
    import_marc(IMPORTER, book(3, "先にある本"), "one.mrc")
    path = tmp_path / "full.mrc"
    path.write_bytes(b"".join(book(n, f"本{n}") for n in range(1, 6)))
    run = load_marc(IMPORTER, path, processes=1)
    assert (run.created, run.state) == (4, ImportRun.State.DONE)
    assert set(BibliographicRecord.objects.values_list("title", flat=True)) == {f"本{n}" for n in range(1, 6)}


@pytest.mark.django_db
def test_the_command_loads_fast_and_says_what_it_did(tmp_path: Path, capsys, monkeypatch) -> None:
    monkeypatch.setattr(search_service, "rebuild", lambda: None)
    path = tmp_path / "full.mrc"
    path.write_bytes(book(1, "本"))
    call_command("import_marc", str(path), "--fast", "--processes", "1")
    assert "created=1 updated=0 deleted=0 unchanged=0 set_aside=0" in capsys.readouterr().out
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("import_marc", str(tmp_path / "none.mrc"))
