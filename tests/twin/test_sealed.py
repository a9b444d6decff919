"""Personal columns on the deployed hosts: the keys where they are used, nothing readable where they are not."""

from __future__ import annotations

import pytest

SECRETS = ("library_field_key_1", "library_field_index")


@pytest.mark.req("F-AUD-012")
@pytest.mark.parametrize("name", SECRETS)
def test_the_keys_stand_on_the_application_host_and_nowhere_on_the_databases(twin, name):
    key = twin.secret(name)
    assert len(key) >= 32
    held = twin.run("app1", "grep -lFf - /etc/kura/library.json", stdin=key + "\n")
    assert held.stdout.strip() == "/etc/kura/library.json"
    assert twin.run("app1", "stat -c '%a %U %G' /etc/kura/library.json").stdout.split() == ["640", "root", "kura"]
    places = "/etc /root /srv /tmp /var/backups /var/lib /var/log"
    found = twin.run("db1", f"grep -rlFf - {places} 2>/dev/null; true", stdin=key + "\n")
    assert found.stdout.strip() == ""


@pytest.mark.req("F-AUD-012")
def test_a_dump_of_the_register_holds_cards_and_no_name(twin):
    dump = twin.run("db1", "cd / && runuser -u postgres -- pg_dump -d kura -t 'patrons_*' -T patrons_postcode")
    assert dump.ok, dump.stdout[-500:]
    rows = dump.stdout.partition("COPY public.patrons_patron ")[2].partition("\\.\n")[0]
    assert twin.secret("demo_card") in rows
    # Nothing in a patron's row is written in kanji or kana.
    assert [sign for sign in rows if "\u3041" <= sign <= "\u9fff"] == []
