"""The window: real names on loopback, and a hosts file that is put back as it was."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address

import pytest

from inventory import load
from lab import window
from lab.shell import LabError


def test_a_host_appears_at_the_loopback_address_of_its_own_number():
    assert window.loopback(IPv4Address("10.80.10.11")) == "127.80.10.11"


def test_every_web_name_of_the_inventory_has_a_door():
    site = load("nagano")
    names = {name for name, _, _ in window.doors(site)}
    assert {site.fqdn(name) for name in ("opac", "staff", "console", "prometheus")} <= names


def test_the_hosts_file_keeps_everything_else(tmp_path, monkeypatch):
    file = tmp_path / "hosts"
    file.write_text("127.0.0.1 localhost\n192.0.2.1 mine\n")
    monkeypatch.setattr(window, "HOSTS", file)
    window._write_names(["127.80.10.11 opac.example"])
    window._write_names(["127.80.10.11 opac.example", "127.80.30.11 console.example"])
    assert file.read_text().count(window._marks()[0]) == 1
    assert "127.80.30.11 console.example" in file.read_text()
    window._write_names([])
    assert file.read_text() == "127.0.0.1 localhost\n192.0.2.1 mine\n"


def test_a_port_in_use_is_told_before_anything_is_opened(tmp_path, monkeypatch):
    file = tmp_path / "hosts"
    file.write_text("127.0.0.1 localhost\n")
    monkeypatch.setattr(window, "HOSTS", file)
    with socket.socket() as busy:
        busy.bind(("0.0.0.0", 9090))
        busy.listen()
        with pytest.raises(LabError, match="port 9090 is in use"):
            window.open_for(load("nagano"), tmp_path, "nowhere")
    assert file.read_text() == "127.0.0.1 localhost\n"
    assert not (tmp_path / "window.pid").exists()


def test_a_hosts_file_edited_between_the_marks_is_left_alone(tmp_path, monkeypatch):
    file = tmp_path / "hosts"
    text = f"127.0.0.1 localhost\n{window._marks()[0]}\n192.0.2.1 somebodys\n"
    file.write_text(text)
    monkeypatch.setattr(window, "HOSTS", file)
    with pytest.raises(LabError, match="put it right by hand"):
        window._write_names([])
    assert file.read_text() == text


def test_the_names_go_even_when_the_window_died(tmp_path, monkeypatch):
    file = tmp_path / "hosts"
    file.write_text("127.0.0.1 localhost\n")
    monkeypatch.setattr(window, "HOSTS", file)
    window._write_names(["127.80.10.11 opac.example"])
    (tmp_path / "window.pid").write_text("999999999")
    window.close(tmp_path)
    assert file.read_text() == "127.0.0.1 localhost\n"
