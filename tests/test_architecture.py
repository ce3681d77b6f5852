# SPDX-License-Identifier: GPL-2.0-only
"""ARCHITECTURE.md says what is: its rooms are the tree's, its "never imports" are contracts."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONTRACTS: list[dict[str, Any]] = PROJECT["tool"]["importlinter"]["contracts"]


def _rooms() -> dict[str, set[str]]:
    """Each room of the page's table, in order, with what it never imports."""
    table = PAGE.partition("| room |")[2].partition("\n\n")[0]
    rows = [line.strip("|").split("|") for line in table.splitlines()[2:]]
    assert all(len(cells) == 4 for cells in rows)
    return {cells[0].strip().strip("`"): set(re.findall(r"`(\w+)`", cells[3])) for cells in rows}


def _tail(module: str) -> str:
    return module.removeprefix("zpmaint.")


def test_the_table_names_every_room_and_no_other() -> None:
    tree = {path.parent.name for path in ROOT.glob("zpmaint/*/__init__.py")}
    assert set(_rooms()) == tree


def test_the_tables_order_is_the_contracts() -> None:
    [layers] = [contract["layers"] for contract in CONTRACTS if contract["type"] == "layers"]
    order = [name for layer in layers for name in re.findall(r"\w+", layer)]
    assert [room for room in order if room in _rooms()] == list(_rooms())
    # A name in parentheses may be absent; nothing else but the entry point is left over.
    assert {name for name in order if f"({name})" not in "".join(layers)} - {*_rooms()} == {
        "__main__"
    }


def test_what_a_room_never_imports_is_a_contract() -> None:
    found: dict[str, set[str]] = {room: set() for room in _rooms()}
    for contract in CONTRACTS:
        sources = contract.get("source_modules", [])
        if len(sources) == 1 and (room := _tail(sources[0])) in found:
            found[room] |= {_tail(name) for name in contract["forbidden_modules"]}
    assert found == _rooms()


def test_files_that_the_page_names_are_there() -> None:
    named = set(re.findall(r"`((?:zpmaint|cli|app|patches)/[\w./]*)`", PAGE))
    assert len(named) >= 10
    for name in sorted(named):
        if "NAME" not in name:
            places = (ROOT / name, ROOT / "zpmaint" / name)
            assert any(place.exists() for place in places), name
    assert (ROOT / "CONTRIBUTING.md").exists()


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What lint-imports says of a copy of the package with arrows that must not be."""
    top = tmp_path_factory.mktemp("planted")
    shutil.copytree(ROOT / "zpmaint", top / "zpmaint", ignore=shutil.ignore_patterns("*.pyc"))
    shutil.copy(ROOT / "pyproject.toml", top)
    for name, text in PLANTED.items():
        path = top / "zpmaint" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [program, "--no-cache"], cwd=top, capture_output=True, text=True, check=False, timeout=240
    )
    assert done.returncode == 1, done.stderr
    return done.stdout


PLANTED = {
    "merge/upwards.py": "from zpmaint.port import engine\n",
    "judge/one.py": "from zpmaint.judge import two\n",
    "judge/two.py": "from zpmaint.judge import one\n",
    "diffs/impure.py": "import subprocess\n",
    "port/indirect.py": "from zpmaint.core import tools\n",  # which starts programs
    "publish/fetches.py": "import requests\nfrom zpmaint.sources import http\n",
    "app/prints.py": "import click\n",
    "app/tables.py": "import sqlite3\n",
    "attic/__init__.py": "",
}


@pytest.mark.parametrize(
    ("contract", "culprit"),
    [
        ("A room imports only from rooms below it", "zpmaint.merge.upwards -> zpmaint.port"),
        ("No room imports in circles", "zpmaint.judge"),
        ("Pure rooms start no program", "zpmaint.diffs.impure -> subprocess"),
        ("Pure rooms start no program", "zpmaint.port.indirect -> zpmaint.core.tools"),
        ("publish: not", "zpmaint.publish.fetches -> zpmaint.sources.http"),
        ("Only sources speaks HTTP", "zpmaint.publish.fetches -> requests"),
        ("Only the command line prints", "zpmaint.app.prints -> click"),
        ("SQLite is in two places", "zpmaint.app.tables -> sqlite3"),
        ("A room imports only from rooms below it", "attic"),
    ],
)
def test_an_arrow_that_must_not_be_is_found(planted: str, contract: str, culprit: str) -> None:
    assert re.search(rf"^{re.escape(contract)}.* BROKEN", planted, re.M)
    assert culprit in planted
