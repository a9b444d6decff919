"""The release bundle: the same tree gives the same bytes, and the hosts get what they need and no more."""

from __future__ import annotations

import hashlib
import tarfile
from pathlib import Path

import pytest

from cli import bundle

ROOT = Path(__file__).resolve().parents[2]
PINS = """# a lock
alpha==1.0 \\
    --hash=sha256:{alpha}
    # via -r requirements.in
beta==2.0 ; python_version < "3.12" \\
    --hash=sha256:{other}
    # via alpha
beta==3.0 ; python_version >= "3.12" \\
    --hash=sha256:{beta}
    # via
    #   alpha
    #   gamma
gamma==4.0 \\
    --hash=sha256:{other}
    # via -r requirements.in
"""
WANTED = "# --- app/: the site\nAlpha[extra]>=1\n# --- the engineer's machine\ngamma\n"


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
def tree(tmp_path):
    """A small project and a cache that already holds the wheels it needs."""
    root, cache = tmp_path / "root", tmp_path / "cache"
    files = {"app/a.py": "a", "app/b/c.py": "c", "app/b/tests/test_c.py": "t", "inventory/x.yml": "x: 1"}
    files |= {f"tests/requirements/{name}.csv": "id" for name in ("functions", "system")}
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    (root / "requirements.in").write_text(WANTED)
    (root / "requirements.lock").write_text(PINS.format(alpha=digest("A"), beta=digest("B"), other=digest("O")))
    (cache / "wheels").mkdir(parents=True)
    (cache / "wheels/alpha-1.0-py3-none-any.whl").write_text("A")
    (cache / "wheels/beta-3.0-py3-none-any.whl").write_text("B")
    return root, cache


def make(tree, into: Path) -> bundle.Bundle:
    return bundle.build(*tree, lambda line: None, into)


def test_the_lock_is_followed_to_everything_the_hosts_need_for_their_python(tree):
    root, _ = tree
    pins = bundle.host_pins((root / "requirements.in").read_text(), (root / "requirements.lock").read_text())
    assert [(pin.name, pin.version) for pin in pins] == [("alpha", "1.0"), ("beta", "3.0")]


def test_the_real_lock_holds_the_application_but_not_the_engineers_tools():
    pins = bundle.host_pins((ROOT / "requirements.in").read_text(), (ROOT / "requirements.lock").read_text())
    names = {pin.name for pin in pins}
    assert {"django", "psycopg-binary", "gunicorn", "pydantic-core", "sqlparse"} <= names
    assert not names & {"ansible-core", "pytest", "molecule", "rich"}
    assert all(pin.hashes for pin in pins)


def test_the_same_tree_gives_the_same_bytes(tree, tmp_path):
    first = make(tree, tmp_path / "one")
    for path in tree[0].rglob("*"):
        path.touch()
    second = make(tree, tmp_path / "two")
    assert first.release == second.release
    assert first.source.read_bytes() == second.source.read_bytes()
    assert first.wheels.read_bytes() == second.wheels.read_bytes()


def test_tests_and_caches_stay_on_the_engineers_machine(tree, tmp_path):
    (tree[0] / "app/__pycache__").mkdir()
    (tree[0] / "app/__pycache__/a.cpython-313.pyc").write_text("compiled")
    with tarfile.open(make(tree, tmp_path / "out").source) as archive:
        names = archive.getnames()
    said = ["tests/requirements/functions.csv", "tests/requirements/system.csv"]
    assert names == ["app/a.py", "app/b/c.py", "inventory/x.yml", "requirements.lock", *said, "requirements.txt"]


def test_an_edit_makes_a_new_release_with_the_same_wheels(tree, tmp_path):
    before = make(tree, tmp_path / "out")
    (tree[0] / "app/a.py").write_text("changed")
    after = make(tree, tmp_path / "out")
    assert before.release != after.release
    assert before.wheels == after.wheels


def test_a_package_that_the_lock_lacks_is_named(tree, tmp_path):
    (tree[0] / "requirements.in").write_text(WANTED.replace("Alpha", "omega"))
    with pytest.raises(bundle.BundleError, match=r"lacks omega: run \./kura lock"):
        make(tree, tmp_path / "out")


def test_a_wheel_with_another_hash_is_not_taken_from_the_cache(tree, tmp_path, monkeypatch):
    (tree[1] / "wheels/beta-3.0-py3-none-any.whl").write_text("tampered")
    monkeypatch.setattr(bundle, "_download", lambda requirements, cache: None)
    with pytest.raises(bundle.BundleError, match=r"beta 3\.0"):
        make(tree, tmp_path / "out")
