# SPDX-License-Identifier: GPL-2.0-only
"""Suites from end to end on a toy kernel, a script in QEMU's place: which boots are made, and the
word that comes of them."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from judge_fixtures import figures, report
from test_app_verify import Shop, pytestmark, words  # noqa: F401

OWN = Path(__file__).parent / "sets/loadavg/cases"

_BOOTS = """
case $words in --version) echo 'QEMU emulator version 0'; exit 0;; esac
printf 'Linux version 6.12.107\\n' > "$console"
case $words in *patched*) flavour=patched;; *) flavour=stock;; esac
case $(readlink "$console") in *-own-*) suite=-own;; *-boot-*) suite=-boot;; *) suite=;; esac
echo "$flavour$suite" >> {folder}/notes/boots
cp "{folder}/$flavour$suite.results" "$results"
exit 33
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A set that says nothing of suites, flips and counters, as a stranger's would."""
    made = Shop(tmp_path, monkeypatch)
    made.qemu.does(_BOOTS.format(folder=tmp_path))
    toml = made.project / "patches/toy/patch.toml"
    toml.write_text(toml.read_text().partition("[[flip]]")[0])
    for flavour in ("stock", "patched"):
        (tmp_path / f"{flavour}.results").write_text(
            report(words("zero-page"), figures(private=False))
        )
        (tmp_path / f"{flavour}-boot.results").write_text(report({"boot.up": "ok"}, ""))
    return made


def own(shop: Shop, stock: str, patched: str) -> None:
    """Give the set cases of its own, and what each kernel answers to them."""
    shutil.copytree(OWN, shop.project / "patches/toy/cases", dirs_exist_ok=True)
    for flavour, word in (("stock", stock), ("patched", patched)):
        said = {"loadavg.sign": word, "loadavg.fields": "ok", "loadavg.script": word}
        text = report(said, "").replace(
            "ok 2", "# loadavg.fields: figure LoadavgLength 4 bytes\nok 2"
        )
        (shop.folder / f"{flavour}-own.results").write_text(text)


def boots(shop: Shop) -> list[str]:
    return sorted((shop.folder / "notes" / "boots").read_text().split())


def test_a_set_that_says_nothing_is_as_on_stock(shop: Shop) -> None:
    status, record = shop.verify()
    assert (status, record["result"]) == (0, "no regression"), record["why"]
    assert (
        "the patch's effect was not shown: no case or counter of the set covers it"
        in (record["why"])
    )
    assert boots(shop) == ["patched", "stock"]
    # What differs from stock is a failure, without a word about it in the set.
    (shop.folder / "patched.results").write_text(report(words("private"), figures(private=False)))
    status, record = shop.verify()
    assert (status, record["result"]) == (1, "fail")
    assert record["why"].startswith("patched: read.faults: private, expected zero-page")


def test_a_case_of_its_own_shows_the_effect(shop: Shop) -> None:
    own(shop, "slash", "colon")
    status, record = shop.verify()
    assert (status, record["result"]) == (0, "pass"), record["why"]
    assert record["verdict"]["shown_by"] == ["loadavg.sign", "loadavg.script"]
    assert [c["suite"] for c in record["verdict"]["cases"]].count("own") == 3
    assert boots(shop) == ["patched", "patched-own", "stock", "stock-own"]
    assert record["runs"]["suites"]["own"]["patched"]["outcome"] == "finished"
    (length,) = [d for d in record["verdict"]["deltas"] if d["counter"] == "LoadavgLength"]
    assert (length["stock"], length["patched"]) == (4, 4)
    own(shop, "slash", "slash")
    status, record = shop.verify()
    assert (status, record["result"]) == (1, "fail")
    assert "patched: loadavg.sign: slash, expected colon" in record["verdict"]["failures"]


def test_one_suite_and_chosen_cases_over_all(shop: Shop) -> None:
    own(shop, "slash", "colon")
    status, out, _ = shop.run("test", "6.12.107", "--suite", "own", "--json")
    told: dict[str, Any] = json.loads(out)
    assert (status, told["result"], len(told["cases"])) == (0, "pass", 3)
    assert boots(shop) == ["patched-own", "stock-own"]
    status, out, _ = shop.run("test", "6.12.107", "--suite", "boot")
    assert status == 0 and "no regression" in out and "boot.up" in out
    status, out, _ = shop.run("boot", "6.12.107", "--suite", "own", "--json")
    assert status == 0 and "loadavg.sign" in json.loads(out)["stock"]["results"]
    junit = shop.folder / "out.xml"
    shop.run("test", "6.12.107", "--suite", "own", "--junit", str(junit))
    assert "own: loadavg.sign" in junit.read_text()


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (("--suite", "onw"), "did you mean: own"),
        (("--case", "loadavg.sing"), "did you mean: loadavg.sign"),
        (("--case", "shel"), "did you mean: shell"),
    ],
)
def test_what_names_nothing_is_told_before_anything_is_built(
    shop: Shop, more: tuple[str, ...], says: str
) -> None:
    own(shop, "slash", "colon")
    status, _, err = shop.run("test", "6.12.107", *more)
    assert status == 2 and says in err, err
    assert not (shop.home / "cache/work").exists()


def test_a_case_that_does_not_compile_is_told_before_a_kernel_is_built(shop: Shop) -> None:
    own(shop, "slash", "colon")
    source = shop.project / "patches/toy/cases/loadavg.c"
    source.write_text(source.read_text().replace("observe(", "observer("))
    for command in ("verify", "test"):
        status, _, err = shop.run(command, "6.12.107")
        assert status == 2 and "loadavg.c:10:" in err and "observer" in err, err
    assert not (shop.home / "cache/work").exists()


def test_a_changed_case_is_another_verification(shop: Shop) -> None:
    own(shop, "slash", "colon")
    assert "1 verified now" in shop.run("matrix", "run")[1]
    assert "0 verified now" in shop.run("matrix", "run")[1]
    source = shop.project / "patches/toy/cases/loadavg.c"
    source.write_text(source.read_text() + "/* more */\n")
    assert "1 verified now" in shop.run("matrix", "run")[1]


def test_a_flip_that_names_no_case_is_the_users_mistake(shop: Shop) -> None:
    toml = shop.project / "patches/toy/patch.toml"
    toml.write_text(toml.read_text() + '[[flip]]\ncase = "read.fault"\npatched = "x"\nwhy = "w"\n')
    status, _, err = shop.run("verify", "6.12.107")
    assert status == 2 and "did you mean: read.faults" in err
    assert not (shop.home / "cache/work").exists()


def test_where_nothing_that_was_asked_for_can_run_there_is_no_success(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ZPMAINT_LTP", raising=False)
    status, out, err = shop.run("test", "6.12.107", "--suite", "ltp")
    assert (status, out) == (3, "")
    assert "nothing of ltp can run on 6.12.107" in err and "ZPMAINT_LTP names no tree" in err
    # Beside another suite it is left out, and that is said.
    status, out, _ = shop.run("test", "6.12.107", "--suite", "ltp", "--suite", "boot")
    assert status == 0 and "NOT RUN: ZPMAINT_LTP" in out
    # Of a set that wants nothing else, it is no verdict on the kernel.
    toml = shop.project / "patches/toy/patch.toml"
    text = re.sub(r"(?ms)^\[\[(flip|telling)\]\].*?(?=^\[\[|\Z)", "", toml.read_text())
    toml.write_text(f'suites = ["ltp"]\n{text}')
    status, record = shop.verify()
    assert (status, record["result"]) == (3, "infrastructure"), record["why"]
