"""Silences when Alertmanager does not answer; with a real one: test_alertmanager.py."""


def test_a_silent_alertmanager_is_said_and_nothing_is_claimed(alone):
    _, page = alone.get("/silences/")
    assert "応答しない" in page
    assert "止めている通知はありません" not in page
    form = {"alert": "HostDown", "hours": "2", "reason": "試し"}
    assert "止められませんでした" in alone.send("/silences/", form)[1]
