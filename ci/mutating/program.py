# SPDX-License-Identifier: GPL-2.0-only
"""How good the tests of our own rooms are: their modules are changed in one place at a time, and
the room's own tests that reach the place have to notice.

    ci/mutants port --most 50         a sample of 50; --most 0: all
    ci/mutants judge ledger           of several rooms; ci/mutating/rooms.toml has them
    ci/mutants port --list            what would be tried

What was tried is kept, a line each (--kept FOLDER): the same command goes on where it was ended,
and a mutant of a changed module is tried anew. Exit status 1 where a room is below its floor.

In the environment of the tests (ci/test sets it up): .venv/bin/python ci/mutants ...
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tempfile
import tomllib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue
from typing import Any

from mutating.operators import Mutant, chosen, mutants
from mutating.trial import Copy, Fate

TOP = Path(__file__).resolve().parents[2]
ROOMS: dict[str, Any] = tomllib.loads((TOP / "ci/mutating/rooms.toml").read_text())


def globbed(globs: list[str]) -> list[str]:
    """The files of the checkout, from its top, in order."""
    return sorted({str(p.relative_to(TOP)) for glob in globs for p in TOP.glob(glob)})


class Room:
    """A room, and what was tried of it."""

    def __init__(self, name: str, kept: Path) -> None:
        self.name, self.row = name, ROOMS[name]
        self.kept = kept / f"{name}.jsonl"
        modules = globbed(self.row["modules"])
        self.texts = {path: (TOP / path).read_text() for path in modules}
        left_out = globbed(self.row.get("without", []))
        self.tests = [path for path in globbed(self.row["tests"]) if path not in left_out]
        self.all = [one for path in modules for one in mutants(path, self.texts[path])]
        together = "".join((TOP / path).read_text() for path in self.tests)
        self._tests = hashlib.sha256(together.encode()).hexdigest()
        self.known = self._read()

    def key(self, one: Mutant) -> str:
        """Of a trial: a survivor is tried anew when the room's tests have changed."""
        text = f"{one.name} {self.texts[one.path]}"
        return hashlib.sha256(text.encode()).hexdigest()[:24]

    def fate(self, one: Mutant) -> Fate | None:
        """What is known of a mutant."""
        row = self.known.get(self.key(one))
        if row is None:
            return None
        fate = Fate(row["fate"])
        return fate if fate.is_killed or row["tests"] == self._tests else None

    def keep(self, one: Mutant, fate: Fate) -> None:
        row: dict[str, Any] = {
            "key": self.key(one),
            "fate": fate,
            "tests": self._tests,
            "path": one.path,
            "line": one.line,
            "operator": one.operator,
        }
        self.known[self.key(one)] = row
        self.kept.parent.mkdir(parents=True, exist_ok=True)
        with self.kept.open("a") as out:
            # By itself also where one that was killed has left the half of a line.
            out.write("\n" + json.dumps(row) + "\n")

    def _read(self) -> dict[str, dict[str, Any]]:
        found = {}
        for line in self.kept.read_text().splitlines() if self.kept.exists() else ():
            try:
                row = json.loads(line)
                found[row["key"]] = row
            except (ValueError, KeyError):
                continue  # an empty one, or the half of one
        return found


def tried(room: Room, wanted: list[Mutant], jobs: int) -> None:
    """Try those of which nothing is known."""
    open_ones = [one for one in wanted if room.fate(one) is None]
    if not open_ones:
        return
    with tempfile.TemporaryDirectory(prefix="zpmaint-mutants-") as folder:
        copies: Queue[Copy] = Queue()
        for number in range(jobs):
            copies.put(Copy(TOP, Path(folder, str(number))))
        first = copies.get()
        reach = first.reach(room.tests)
        copies.put(first)

        def one(mutant: Mutant) -> None:
            copy = copies.get()
            try:
                fate = copy.try_(mutant, reach)
            finally:
                copies.put(copy)
            room.keep(mutant, fate)
            if not fate.is_killed:
                told(room, mutant, fate)

        with ThreadPoolExecutor(jobs) as pool:
            for _ in pool.map(one, open_ones):
                pass


def told(room: Room, one: Mutant, fate: Fate) -> None:
    """A survivor, as a line that was and the line that it became."""
    source = room.texts[one.path]
    before = source.splitlines()[one.line - 1].strip()
    changed = one.applied(source).splitlines()[one.line - 1].strip()
    print(
        f"{one.path}:{one.line}: {fate} ({one.operator})\n  - {before}\n  + {changed}", flush=True
    )


def main() -> int:
    asked = argparse.ArgumentParser(
        prog="ci/mutants", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    asked.add_argument("rooms", nargs="+", choices=list(ROOMS))
    asked.add_argument("--most", type=int, default=50)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--jobs", type=int, default=1)
    asked.add_argument("--kept", type=Path, default=TOP / ".mutants")
    asked.add_argument("--list", action="store_true", dest="only_list")
    asked.add_argument("--survivors", action="store_true", help="also those that were known")
    words = asked.parse_args()
    status = 0
    for name in words.rooms:
        room = Room(name, words.kept)
        wanted = chosen(room.all, words.seed, words.most or len(room.all))
        if words.only_list:
            for one in wanted:
                told(room, one, room.fate(one) or Fate.UNREACHED)
            continue
        if words.survivors:
            for one in wanted:
                if (fate := room.fate(one)) and not fate.is_killed:
                    told(room, one, fate)
        tried(room, wanted, words.jobs)
        count = Counter(room.fate(one) for one in wanted)
        killed = count[Fate.KILLED] + count[Fate.LATE]
        score = killed / len(wanted)
        print(
            f"{name}: {killed} of {len(wanted)} killed, {100 * score:.1f} % (floor "
            f"{100 * room.row['floor']:.0f} %; {len(room.all)} in all, seed {words.seed}); "
            f"survived {count[Fate.SURVIVED]}, unreached {count[Fate.UNREACHED]}",
            flush=True,
        )
        status |= score < room.row["floor"]
    return int(status)
