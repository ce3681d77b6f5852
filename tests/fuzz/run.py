# SPDX-License-Identifier: GPL-2.0-only
"""Fuzz the readers in turn, each in slices, for as long as is asked; tell what was done.

    ci/fuzz [TARGET...] [--seconds N] [--home FOLDER] [--list]

FOLDER keeps what is learned: TARGET/corpus (inputs that reached something new), TARGET/findings
(for each an .input and a .txt with its traceback), TARGET/totals.json (sums over all runs). The
exit status is 1 where there are findings.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))
from fuzz.seeds import seeds
from fuzz.targets import TARGETS

SLICE = 120
"""Seconds that a target runs before the next one has its turn, so that a stop at any time finds
all of them done about as long. A fresh process each time: what a reader keeps is let go."""
_DONE = re.compile(r"stat::number_of_executed_units: (\d+)")
_COVERAGE = re.compile(r"\bcov: (\d+)")
_WORD = re.compile(rb"[A-Za-z0-9_.:=+*/-]{3,24}")


def main() -> int:
    words = argparse.ArgumentParser(prog="ci/fuzz", description="Fuzz the readers.")
    words.add_argument("target", nargs="*", help="which readers (default: all, in turn)")
    words.add_argument("--seconds", type=int, default=60, help="for each target (default: 60)")
    words.add_argument("--home", type=Path, default=_home(), help="what is learned is kept here")
    words.add_argument("--max-len", type=int, default=8192, help="bytes of an input at most")
    words.add_argument("--list", action="store_true", help="name the targets and stop")
    asked = words.parse_args()
    if asked.list:
        print("\n".join(f"{name:14} {(one.read.__doc__ or '').strip()}"
                        for name, one in TARGETS.items()))  # fmt: skip
        return 0
    if unknown := [name for name in asked.target if name not in TARGETS]:
        words.error(f"no target {unknown[0]!r}; --list names them")
    names = asked.target or list(TARGETS)
    left = dict.fromkeys(names, asked.seconds)
    try:
        while any(left.values()):
            for name in names:
                if seconds := min(SLICE, left[name]):
                    left[name] -= seconds
                    slice_of(name, asked.home / name, seconds, asked.max_len)
                    print(told(name, asked.home / name), flush=True)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
    print(f"\n{'target':14} {'seconds':>8} {'runs':>11} {'a second':>9} {'edges':>6} findings")
    print("\n".join(told(name, asked.home / name) for name in names))
    return 1 if any(findings(asked.home / name) for name in names) else 0


def _home() -> Path:
    if home := os.environ.get("ZPMAINT_HOME"):
        return Path(home) / "cache" / "fuzz"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "zpmaint/fuzz"


def slice_of(name: str, place: Path, seconds: int, longest: int) -> None:
    corpus = place / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    begun = seeds(name)
    for data in begun:
        own = corpus / f"seed-{hashlib.sha256(data).hexdigest()[:16]}"
        if not own.exists():
            own.write_bytes(data)
    known = sorted({word for data in begun for word in _WORD.findall(data)})[:400]
    (place / "words").write_text("".join(f'"{word.decode()}"\n' for word in known))
    (place / "findings").mkdir(exist_ok=True)
    started = time.monotonic()
    log = place / "log"
    with log.open("wb") as out:
        status = subprocess.run(
            [
                sys.executable, str(Path(__file__).with_name("one.py")), name,
                str(place / "findings"), f"-max_total_time={seconds}", f"-max_len={longest}",
                f"-dict={place / 'words'}", "-timeout=900", "-rss_limit_mb=0",
                "-report_slow_units=900", "-print_final_stats=1",
                f"-artifact_prefix={place / 'findings'}/native-", str(corpus),
            ],
            stdin=subprocess.DEVNULL, stdout=out, stderr=out, check=False,
            env={**os.environ, "PYTHONHASHSEED": "0"},
        ).returncode  # fmt: skip
    text = log.read_text(errors="replace")
    ran = [int(number) for number in _DONE.findall(text)]
    edges = [int(number) for number in _COVERAGE.findall(text)]
    sums = totals(place)
    sums["seconds"] += time.monotonic() - started
    sums["runs"] += ran[-1] if ran else 0
    sums["edges"] = max([sums["edges"], *edges])
    if status not in (0, 130) or not ran:
        sums["ended"] += 1
        log.replace(place / f"log-ended-{int(sums['ended'])}")
    (place / "totals.json").write_text(json.dumps(sums))


def totals(place: Path) -> dict[str, float]:
    sums = {"seconds": 0.0, "runs": 0, "edges": 0, "ended": 0}
    if (place / "totals.json").is_file():
        sums |= json.loads((place / "totals.json").read_text())
    return sums


def findings(place: Path) -> list[str]:
    found = (place / "findings").glob("*")
    return sorted({path.name.removesuffix(".input") for path in found if path.suffix != ".txt"})


def told(name: str, place: Path) -> str:
    sums = totals(place)
    rate = sums["runs"] / max(sums["seconds"], 1)
    text = f"{name:14} {sums['seconds']:8.0f} {sums['runs']:11.0f} {rate:9.0f} {sums['edges']:6.0f}"
    found = findings(place)
    ended = f"; {sums['ended']:.0f} processes died, see {place}" if sums["ended"] else ""
    return f"{text} {len(found)}{': ' if found else ''}{', '.join(found)}{ended}"


if __name__ == "__main__":
    sys.exit(main())
