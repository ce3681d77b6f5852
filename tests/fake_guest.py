# SPDX-License-Identifier: GPL-2.0-only
"""A guest to put in QEMU's place: runs the list of cases that its initramfs holds, or all, and
dies where it is told to.

    fake_guest.py BEHAVIOUR INITRD CONSOLE RESULTS COMMAND-LINE

BEHAVIOUR is a JSON file: "release", "all" (every case's word, in order), and by case under "does":
panic, hang, reset, after (a panic right after the result), torn (a panic inside the result line),
bug (a complaint on the console), silent-log (from there on no marks), runs (the first of the
ranges that QEMU is asked to watch). "watched" are words of cases in a guest that is watched.
"""

from __future__ import annotations

import json
import re
import sys
import time
from pathlib import Path

_WATCHED = re.compile(r"-dfilter 0x([0-9a-f]+)\S* -D (\S+)")


def names(archive: bytes) -> list[str] | None:
    """The lines of zp.cases in a newc archive; None where it is not there."""
    at = 0
    while archive[at : at + 6] == b"070701":
        size, length = (int(archive[at + x : at + x + 8], 16) for x in (54, 94))
        name = archive[at + 110 : at + 110 + length - 1].decode()
        data = (at + 110 + length + 3) & ~3
        if name == "zp.cases":
            return archive[data : data + size].decode().split()
        at = (data + size + 3) & ~3
    return None


def executed(words: str, told: dict) -> None:  # type: ignore[type-arg]
    """Write what QEMU would write of a whole run, where it is asked for it."""
    watched = _WATCHED.search(words)
    if not watched:
        return
    lines = []
    for name in told["all"]:
        for sign in f"zpmaint: case {name}\n":
            lines.append(f"serial_write write addr 0x00 val {ord(sign):#04x}\n")
        if told["does"].get(name) == "runs":
            lines.append(f"Trace 0: 0x7f00 [00/{watched[1]}/00/00] f\n")
    with Path(watched[2]).open("w") as out:
        out.write("".join(lines))


def main() -> int:
    behaviour, initrd, console, results, line = sys.argv[1:]
    told = json.loads(Path(behaviour).read_text())
    chosen = names(Path(initrd).read_bytes())
    executed(line, told)
    if _WATCHED.search(line):
        told["all"] |= told.get("watched", {})
    with Path(console).open("a") as log, Path(results).open("w") as out:

        def say(file: object, text: str) -> None:
            file.write(text)  # type: ignore[attr-defined]
            file.flush()  # type: ignore[attr-defined]

        def panic() -> int:
            say(log, "Kernel panic - not syncing: planted\n")
            return 0

        if told["does"].get("boot") == "panic":
            return panic()
        run = {n: w for n, w in told["all"].items() if chosen is None or n in chosen}
        say(log, "Linux version\n")
        say(out, f"KTAP version 1\n# kernel {told['release']} x86_64\n1..{len(run)}\n")
        marks = True
        for number, (name, word) in enumerate(run.items(), 1):
            does = told["does"].get(name, "")
            marks = marks and does != "silent-log"
            say(out, f"# case {name}\n")
            say(log, f"zpmaint: case {name}\n" if marks else "")
            if does == "hang":
                time.sleep(60)
            if does in ("panic", "reset"):
                return panic() if does == "panic" else 0
            if does in ("bug", "silent-log"):
                say(log, f"BUG: planted in {name}\n")
            if does == "torn":
                say(out, f"ok {number} {name} # obs")
                return panic()
            what = word if word.startswith("SKIP ") else f"observed: {word}"
            say(out, f"ok {number} {name} # {what}\n")
            if does == "after":
                return panic()
        say(log, "zpmaint: end of the cases\n" if marks else "")
        if "zp.bench=0" not in line:
            if told["does"].get("bench") == "panic":
                return panic()
            say(out, told["bench"])
        say(out, "# done\n")
    return 33


if __name__ == "__main__":
    sys.exit(main())
