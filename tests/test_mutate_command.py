# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint mutate` on a toy: a real project, port and make; a script in QEMU's place that answers
by the bug it finds planted in the image."""

from __future__ import annotations

import json
import shutil
import signal
import sys
import time
from typing import Any

import pytest
from test_app_verify import ROOT, Shop, words

pytestmark = pytest.mark.skipif(
    not all(shutil.which(tool) for tool in ("make", "gcc", "musl-gcc", "setpriv")),
    reason="NOT RUN: needs make, gcc, musl-gcc and setpriv (zpmaint doctor)",
)

HEAD = 'file = "mm/memory.c"\n[kinds]\ncounter = "how memory is counted"\n'


def bug(name: str, code: str | None = None, **more: str) -> str:
    """A mutant that leaves its name in the image."""
    # The toy's function stands in one line, which is no function to the kernel's own habit.
    planted = f'static const char m[] __attribute__((used)) = "PLANTED {name}"; return 2;'
    return (
        f'[[mutant]]\nname = "{name}"\nkind = "counter"\nwhy = "the test"\n'
        + "".join(f"{key} = {value}\n" for key, value in more.items())
        + "[[mutant.text]]\nfind = 'return 1 + zero_page;'\n"
        + f"replace = '{planted if code is None else code}'\n"
    )


_BOOTS = """
case $words in --version) echo 'QEMU emulator version 0'; exit 0;; esac
kernel=${{words#*-kernel }}; kernel=${{kernel%% *}}
name=$(grep -ao 'PLANTED [a-z-]*' "$kernel" | head -1)
name=${{name#PLANTED }}; name=${{name:-none}}
echo "$name" >> {folder}/notes/boots
[ ! -e {folder}/$name.sh ] || . {folder}/$name.sh
exec {python} {guest} {folder}/$name.json "$initrd" "$console" "$results" "$words"
"""


class Garden(Shop):
    """The toy project with mutants, and what the fake machine answers to each."""

    def plant(self, *bugs: str) -> None:
        (self.project / "patches/toy/mutants.toml").write_text(HEAD + "".join(bugs))
        guest = ROOT / "tests/fake_guest.py"
        self.qemu.does(_BOOTS.format(folder=self.folder, python=sys.executable, guest=guest))
        self.answer("none")

    def answer(self, name: str, shell: str = ":", **seen: str) -> None:
        """What the kernel with that bug does: read_zero="!" is a failure of read.zero, another
        word what fake_guest.py knows of; `shell` runs in QEMU's place before."""
        cases = {case.replace("_", "."): what for case, what in seen.items()}
        told = {
            "release": "6.12.107",
            "all": words("private") | {case: "odd" for case, w in cases.items() if w == "!"},
            "bench": "",
            "does": {case: what for case, what in cases.items() if what != "!"},
        }
        (self.folder / f"{name}.json").write_text(json.dumps(told))
        (self.folder / f"{name}.sh").write_text(f"{shell}\n")

    def mutate(self, *options: str) -> tuple[int, dict[str, Any]]:
        status, out, err = self.run("mutate", "6.12.107", "--json", *options)
        assert out, err
        found: dict[str, Any] = json.loads(out)
        return status, found

    def states(self, *options: str) -> dict[str, str]:
        return {row["mutant"]: row["state"] for row in self.mutate(*options)[1]["mutants"]}

    @property
    def boots(self) -> list[str]:
        return (self.folder / "notes" / "boots").read_text().split()


@pytest.fixture
def garden(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Garden:
    return Garden(tmp_path, monkeypatch)


def test_what_each_bug_comes_to(garden: Garden) -> None:
    garden.plant(
        bug("seen"),
        bug("deadly"),
        bug("loud"),
        bug("unseen"),
        bug("harmless", equivalent='"nobody can tell"'),
        bug("early"),
        bug("elsewhere").replace("return 1 + zero_page;", "return 7;"),
        bug("same", "return 1+ zero_page;", needs='{ "CONFIG_SMP" = "one CPU" }'),
    )
    garden.answer("seen", read_zero="!")
    garden.answer("deadly", read_twice="panic")
    garden.answer("loud", read_twice="bug")
    garden.answer("unseen")
    garden.answer("harmless")
    garden.answer("early", boot="panic")
    status, told = garden.mutate()
    rows = {row["mutant"]: row for row in told["mutants"]}
    assert {name: row["state"] for name, row in rows.items()} == {
        "seen": "caught",
        "deadly": "caught",
        "loud": "caught",
        "unseen": "survived",
        "harmless": "equivalent",
        "early": "caught by boot",
        "elsewhere": "not placed",
        "same": "equivalent",
    }
    assert status == 1
    assert rows["seen"]["catches"][0]["case"] == "read.zero"
    assert rows["deadly"]["catches"][0]["how"] == "panic"
    assert rows["deadly"]["catches"][0]["case"] == "read.twice"
    assert rows["loud"]["catches"][0]["how"] == "console"
    assert rows["loud"]["catches"][0]["case"] == "read.twice"
    assert rows["early"]["catches"][0]["case"] == ""
    assert rows["same"]["same_image"]
    assert not rows["harmless"]["same_image"]
    assert "CONFIG_SMP" in rows["same"]["why"]
    assert "not its text" in rows["elsewhere"]["why"]
    score = told["score"]
    assert (score["caught"], score["of"], score["boot"]) == (4, 5, 1)
    assert (score["equivalent"], score["unplaced"]) == (2, 1)
    # The table for people names the survivor and the score.
    status, out, _ = garden.run("mutate", "6.12.107")
    assert status == 1
    assert "4 of 5 mutants caught (80.0%)" in out
    assert "1 of the caught died before the first case" in out


def test_nothing_is_tried_twice(garden: Garden) -> None:
    garden.plant(bug("seen"), bug("other"))
    garden.answer("seen", read_zero="!")
    garden.answer("other", read_twice="!")
    assert garden.mutate()[0] == 0
    before = garden.boots
    status, told = garden.mutate()
    assert status == 0
    assert all(row["known"] for row in told["mutants"])
    assert garden.boots == before == ["none", "seen", "other"]
    # Another argument about it is no other trial.
    garden.plant(bug("seen", equivalent='"so it is said"'), bug("other"))
    assert garden.states()["seen"] == "not equivalent"
    assert garden.boots.count("seen") == 1


def test_a_wrong_argument_fails(garden: Garden) -> None:
    garden.plant(bug("seen", equivalent='"nobody can tell"'))
    garden.answer("seen", read_zero="!")
    status, told = garden.mutate()
    assert (status, told["mutants"][0]["state"]) == (1, "not equivalent")


def test_a_bug_that_does_not_build_is_an_error_of_the_data(garden: Garden) -> None:
    garden.plant(bug("slip", "return nosuch;"), bug("seen"))
    garden.answer("seen", read_zero="!")
    status, told = garden.mutate()
    rows = {row["mutant"]: row for row in told["mutants"]}
    assert status == 2
    assert rows["slip"]["state"] == "does not build"
    assert "nosuch" in rows["slip"]["why"]
    assert rows["slip"]["catches"] == []
    assert told["score"]["of"] == 1
    # The next one stands on sane objects.
    assert rows["seen"]["state"] == "caught"


def test_a_patched_kernel_that_fails_by_itself_proves_nothing(garden: Garden) -> None:
    garden.plant(bug("seen"))
    garden.answer("none", read_zero="!")
    status, out, err = garden.run("mutate", "6.12.107", "--json")
    assert (status, out) == (1, "")
    assert "does not pass the suite: read.zero" in err
    assert garden.boots == ["none"]


def test_a_machine_that_dies_is_no_catch_and_ends_one_mutant(garden: Garden) -> None:
    garden.plant(bug("seen"), bug("other"))
    garden.answer("seen", "kill -KILL $$")
    garden.answer("other", read_zero="!")
    status, told = garden.mutate()
    rows = {row["mutant"]: row for row in told["mutants"]}
    assert status == 3
    assert rows["seen"]["state"] == "not decided"
    assert "the machine failed" in rows["seen"]["why"]
    assert rows["other"]["state"] == "caught"
    assert (told["score"]["of"], told["score"]["undecided"]) == (1, 1)
    garden.answer("seen", read_zero="!")
    assert garden.states() == {"seen": "caught", "other": "caught"}


def test_killed_the_next_run_goes_on(garden: Garden) -> None:
    garden.plant(bug("first"), bug("second"))
    garden.answer("first", read_zero="!")
    garden.answer("second", f"touch {garden.qemu.notes}/reached; sleep 60")
    process = garden.start("mutate", "6.12.107", "--json")
    until = time.monotonic() + 90
    while not (garden.qemu.notes / "reached").exists():
        assert time.monotonic() < until
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    garden.answer("second", read_zero="!")
    assert garden.states() == {"first": "caught", "second": "caught"}
    assert garden.boots.count("first") == 1
    assert garden.boots.count("second") == 2


def test_brief_stops_at_the_first_cases_that_notice(garden: Garden) -> None:
    garden.plant(bug("soon"), bug("late"), bug("never", equivalent='"nobody can tell"'))
    names = list(words("private"))
    late = names[-1].replace(".", "_")
    assert "-" not in late
    garden.answer("soon", **{"read_zero": "!", late: "!"})
    garden.answer("late", **{late: "!"})
    garden.answer("never")
    status, told = garden.mutate("--brief")
    assert status == 0
    seen = {row["mutant"]: [c["case"] for c in row["catches"]] for row in told["mutants"]}
    assert seen == {"soon": ["read.zero"], "late": [names[-1]], "never": []}
    batches = garden.boots.count("none")
    assert batches > 1
    assert garden.boots.count("soon") == 1
    assert garden.boots.count("late") == garden.boots.count("never") == batches
    # The whole suite is another question.
    whole = garden.mutate()[1]["mutants"]
    seen = {row["mutant"]: [c["case"] for c in row["catches"]] for row in whole}
    assert seen["soon"] == ["read.zero", names[-1]]


def test_half_a_result_is_no_result(garden: Garden) -> None:
    garden.plant(bug("seen"))
    garden.answer("seen", read_zero="!")
    garden.mutate()
    for kept in (garden.home / "state/mutants").glob("*.json"):
        kept.write_text(kept.read_text()[:40])
    assert garden.states() == {"seen": "caught"}
    assert garden.boots.count("seen") == 2


def test_the_pairs_images_are_left_alone(garden: Garden) -> None:
    garden.plant(bug("seen"))
    garden.answer("seen", read_zero="!")
    garden.mutate()
    assert not (garden.home / "cache/work").exists()
    assert len(list((garden.home / "cache/mutants").glob("*/images/patched-*"))) == 2


def test_list_and_slips(garden: Garden) -> None:
    garden.plant(bug("seen"), bug("elsewhere").replace("return 1 + zero_page;", "return 7;"))
    status, out, _ = garden.run("mutate", "--list", "--json")
    assert status == 0
    assert [row["name"] for row in json.loads(out)] == ["seen", "elsewhere"]
    _, out, _ = garden.run("mutate", "6.12.107", "--list", "--json")
    assert [row["placed"] for row in json.loads(out)] == [True, False]
    assert "elsewhere" in garden.run("mutate", "6.12.107", "--list")[1]
    assert not (garden.folder / "notes" / "boots").exists()
    assert garden.run("mutate")[0] == 2
    status, _, err = garden.run("mutate", "6.12.107", "--mutant", "nosuch")
    assert status == 2
    assert "mutants are: seen, elsewhere" in err
    (garden.project / "patches/toy/mutants.toml").unlink()
    status, _, err = garden.run("mutate", "6.12.107")
    assert status == 2
    assert "has no mutants" in err
