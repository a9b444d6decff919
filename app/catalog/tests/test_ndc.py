"""The names of the classes for browsing."""

from app.catalog import ndc


def test_every_class_of_the_first_two_levels_has_a_name_and_the_third_nearly_everywhere() -> None:
    names = ndc.names()
    assert [number for number in names if len(number) == 1] == list("0123456789")
    assert [number for number in names if len(number) == 2] == [f"{n:02d}" for n in range(100)]
    assert len([number for number in names if len(number) == 3]) > 900
    assert all(name.strip() and "|" not in name and "\t" not in name for name in names.values())


def test_classes_lead_down_and_up() -> None:
    assert ndc.name("913") == "小説・物語"
    assert ndc.below("") == list("0123456789")
    assert "913" in ndc.below("91")
    assert ndc.below("913") == []
    assert ndc.path("913") == ["9", "91", "913"]
    assert ndc.name("001") == ""


def test_what_is_no_class_is_none() -> None:
    assert not [text for text in ("", "9134", "９", "9a", "-1", "913.6") if ndc.is_class(text)]
    assert ndc.is_class("913")
