# SPDX-License-Identifier: GPL-2.0-only
"""A night of `zpmaint serve`, compressed: nobody looks, and all goes wrong that can.

    ci/night [--kills N] [--seed N] [--only WORD ...] [--list]

A played kernel.org, a toy kernel that real make builds, a script in QEMU's place and a receiver of
notices (tests/night.py). A look for new kernels comes each few seconds, as each hour by night: an
hour here is more than two weeks. Kernels come out, fail and are mended; the archive stalls, sends
garbage, 304, 429, 5xx, withdraws a release, has a wrong clock; the receiver of notices is down;
kernels.toml has faults; the service, its matrix and its workers are killed. After each the service
has to serve, to have said what was wrong, and to verify and publish the next kernel. Prints what
came about and how long that took; ends with 1 where something did not.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from night import FIRST, Night, NightError, is_possible, night

TROUBLES = (
    "stall", "silent", "trickle", "garbage", "unchanged", "busy", "broken", "truncated", "short",
    "reset", "gone", "loop", "flood",
)  # fmt: skip
PARTS = {"serve": "", "scheduler": " matrix run", "worker": "zpmaint.app.worker"}
"""What is killed, and how it was called."""


class Course:
    """The night so far: which kernels came out, and what was seen."""

    def __init__(self, made: Night, chance: random.Random) -> None:
        self.night, self.chance = made, chance
        self.number = int(FIRST.rpartition(".")[2])
        self.out = [FIRST]

    def release(self) -> str:
        self.number += 1
        version = f"6.12.{self.number}"
        self.out.append(version)
        self.night.org.release(version, "longterm")
        return version

    def verified(self, version: str, wanted: str = "pass") -> float:
        return self.night.until(
            lambda: self.night.result(version) == wanted, f"{version} is published as {wanted}"
        )

    def comes_out(self) -> str:
        version = self.release()
        return f"{version} verified and published after {self.verified(version):.0f} s"


def begins(course: Course) -> str:
    course.night.start()
    return f"{FIRST} verified and published after {course.verified(FIRST):.0f} s"


def a_release(course: Course) -> str:
    return course.comes_out()


def red_and_green(course: Course) -> str:
    made = course.night
    version = f"6.12.{course.number + 1}"
    (made.guest / "bad").write_text(f"{version}\n")
    course.release()
    course.verified(version, "fail")
    made.until(lambda: ("turned red", version) in made.told(), "word of it")
    fixed = course.release()
    course.verified(fixed)
    took = made.until(lambda: ("turned green", fixed) in made.told(), "word of that")
    return f"{version} turned red, {fixed} green; told, the last {took:.0f} s after its page"


def receiver_down(course: Course) -> str:
    made = course.night
    made.hook.answers = [503]
    version = f"6.12.{course.number + 1}"
    (made.guest / "bad").write_text(f"{version}\n")
    course.release()
    course.verified(version, "fail")
    made.until(lambda: made.health()["undelivered"] > 0, "what waits is told")
    made.hook.answers = [200]
    course.comes_out()
    took = made.until(lambda: made.health()["undelivered"] == 0, "all is delivered")
    return f"what was news meanwhile arrived {took:.0f} s after the next page"


def trouble(kind: str) -> Callable[[Course], str]:
    def phase(course: Course) -> str:
        made = course.night
        before = made.job("track")["last"]
        asked = len(made.org.log)
        began = time.monotonic()
        made.org.trouble(kind, "*", seconds=2)
        version = course.release()

        def is_told() -> bool:
            job = made.job("track")
            return bool(job["last"] != before and job["says"])

        silent = kind == "unchanged"  # a server that says that nothing is new is believed
        if silent:
            made.until(lambda: made.job("track")["last"] != before, "a look ends")
        else:
            made.until(is_told, f"{kind} is said")
        said = made.job("track")["says"]
        took = time.monotonic() - began
        if made.ask("/")[0] != 200:
            raise NightError("the pages are not served")
        requests = len(made.org.log) - asked
        made.org.mend()
        after = course.verified(version)
        return (
            f"in {took:.0f} s {requests} requests, said: {said[:100] or 'nothing new'}; mended: "
            f"{version} published after {after:.0f} s"
        )

    return phase


def withdrawn(course: Course) -> str:
    made = course.night
    version = course.out[-1]
    made.org.withdraw(version)

    def is_told() -> bool:
        rows = made.ask("/status.json")[1]["releases"]
        return any(row["version"] == version and row["withdrawn"] for row in rows)

    took = made.until(is_told, f"{version} is called withdrawn")
    return f"{version} called withdrawn after {took:.0f} s; {course.comes_out()}"


def clock(course: Course) -> str:
    made = course.night
    made.org.jump(400 * 86_400.0)
    said = [f"archive 400 days ahead: {course.comes_out()}"]
    # Lists that are older than one that was seen are what a replay looks like.
    made.org.jump(-400 * 86_400.0)
    version = course.release()
    older = "is older than the list seen before"
    made.until(lambda: any(older in line for line in made.said), "an older list is refused")
    made.org.mend()
    said.append(
        f"400 days behind: refused, mended: published after {course.verified(version):.0f} s"
    )
    # The service's own: what it remembers is of a time that has not come yet.
    made.stop()
    from zpmaint.service.memory import Memory  # noqa: PLC0415

    [place] = made.home.glob("state/service/*/jobs.json")
    memory = Memory(place)
    from dataclasses import replace  # noqa: PLC0415

    states = memory.recall()
    far = time.time() + 400 * 86_400
    memory.keep({name: replace(one, due=far, not_before=far) for name, one in states.items()})
    made.start()
    said.append(f"own clock set back 400 days: {course.comes_out()}")
    return "; ".join(said)


def config(course: Course) -> str:
    made = course.night
    made.configure("jitter = 7")
    made.until(lambda: "jitter" in str(made.health()["warnings"]), "the fault is told")
    said = course.comes_out()
    made.configure()
    made.until(lambda: not made.health()["warnings"], "it is well again")
    return f"a kernels.toml with a fault was told, {said} meanwhile"


def kills(times: int) -> Callable[[Course], str]:
    def phase(course: Course) -> str:
        made = course.night
        killed = dict.fromkeys(PARTS, 0)
        while sum(killed.values()) < times:
            if sum(killed.values()) % 3 == 0:
                course.release()
            part = course.chance.choice(list(PARTS))
            time.sleep(course.chance.uniform(0, 25 if part == "serve" else 8))
            if part == "serve":
                made.kill()
                made.start()
            elif not made.kill_part(PARTS[part]):
                continue  # none runs now
            killed[part] += 1
        course.verified(course.release())
        said = ", ".join(f"{count} of {part}" for part, count in killed.items())
        return f"{times} SIGKILLs ({said}); the last kernel is published"

    return phase


def ends(course: Course) -> str:
    made = course.night
    took = made.stop()
    faults = [line for line in made.said if "Traceback" in line or "a bug of zpmaint" in line]
    told = made.told()
    faults += [f"told twice: {one}" for one in set(told) if told.count(one) > 1]
    seen: dict[tuple[str, str], int] = {}
    for row in made.records():
        if row["result"] not in ("infrastructure", "indeterminate"):
            seen[row["version"], row["key"]] = seen.get((row["version"], row["key"]), 0) + 1
    faults += [f"verified {count} times: {name}" for name, count in seen.items() if count > 1]
    faults += [f"left: {one}" for one in made.litter()]
    until = time.monotonic() + 20
    while made.orphans() and time.monotonic() < until:
        time.sleep(0.2)
    faults += [f"still runs: {one}" for one in made.orphans()]
    if faults:
        raise NightError("\n".join(faults))
    return (
        f"SIGTERM took {took:.1f} s; {len(seen)} verifications, none doubled; {len(told)} notices, "
        "none twice; no litter, no process left"
    )


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    asked.add_argument("--kills", type=int, default=9)
    asked.add_argument("--seed", type=int, default=int(time.time()))
    asked.add_argument("--only", nargs="*", help="these phases alone, beside the first and last")
    asked.add_argument("--list", action="store_true", help="name the phases")
    given = asked.parse_args()
    phases: dict[str, Callable[[Course], str]] = {
        "release": a_release,
        "red": red_and_green,
        "receiver": receiver_down,
        **{kind: trouble(kind) for kind in TROUBLES},
        "withdrawn": withdrawn,
        "clock": clock,
        "config": config,
        "kills": kills(given.kills),
    }
    if given.list:
        print(" ".join(phases))
        return 0
    if not is_possible():
        print("needs make, gcc, musl-gcc, setpriv and gpg (zpmaint doctor)")
        return 3
    chosen = {"begins": begins}
    chosen |= {name: one for name, one in phases.items() if not given.only or name in given.only}
    chosen["ends"] = ends
    failed, began = 0, time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="zpmaint-night-") as name,
        night(Path(name, "night"), pytest.MonkeyPatch()) as made,
    ):
        course = Course(made, random.Random(given.seed))
        for title, phase in chosen.items():
            at = time.monotonic()
            try:
                told = phase(course)
            except NightError as error:
                failed += 1
                told = f"FAILED: {error}"
                made.org.mend()
                made.hook.answers = [200]
            print(f"{title:10} {time.monotonic() - at:5.0f} s  {told}", flush=True)
    print(f"seed {given.seed}: {len(chosen)} phases, {failed} failed, "
          f"{time.monotonic() - began:.0f} s")  # fmt: skip
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
