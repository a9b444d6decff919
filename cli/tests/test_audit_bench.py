"""The figures of `./kura bench audit`: app/demo/tests/test_auditing.py shows that its log and its faults are real."""

from cli.benches import audit


def test_a_missed_fault_and_a_false_one_miss_the_goal() -> None:
    sound = {"events": 900, "seals": 36, "copied": 36, "unsealed": 0, "fault_count": 0, "seconds": 1.0}
    planted = [["altered", 5], ["missing", 7]]
    found = {"faults": [{"kind": "altered", "event": 5}, {"kind": "missing", "event": 8}]}
    figures = audit.figures(sound, planted, found, {"person": 61.0})
    missed = {name for name, row in figures.items() if row["met"] is False}
    assert missed == {"planted", "planted_not_named", "named_not_planted", "search_person_seconds"}
    assert audit.figures(sound | {"copied": 35}, planted, found, {})["seals_compared_with_copy"]["met"] is False
