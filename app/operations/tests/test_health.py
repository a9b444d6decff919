"""What the list of hosts says of one that answers in part."""

from app.operations.health import groups
from app.operations.sources import Series
from inventory import load


def test_a_measurement_that_fails_is_named_in_a_whole_sentence() -> None:
    up = [
        Series({"host": "db1", "job": "node"}, ((0.0, 1.0),)),
        Series({"host": "db1", "job": "postgres"}, ((0.0, 0.0),)),
    ]
    hosts = [host for group in groups(load("nagano"), up, []) for host in group.hosts]
    database = next(host for host in hosts if host.name == "db1")
    assert (database.level, database.troubles) == ("watch", ("postgres の計測値を取得できません",))
