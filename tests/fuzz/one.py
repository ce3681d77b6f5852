# SPDX-License-Identifier: GPL-2.0-only
"""One target in one process of libFuzzer's; started by run.py.

A finding is kept and fuzzing goes on: an error that is none of ours, more than 1 GB beyond what the
process had at its start, more than 10 s of its own CPU time for one input.

    python one.py TARGET FOLDER [libFuzzer's words]
"""

from __future__ import annotations

import hashlib
import resource
import signal
import sys
import traceback
from pathlib import Path
from types import FrameType

import atheris

sys.path.insert(0, str(Path(__file__).parent.parent))
atheris.enabled_hooks.add("str")  # that of regular expressions knows none of bytes
with atheris.instrument_imports(include=["zpmaint", "email"]):
    from fuzz.targets import TARGETS, without_callbacks

    if sys.argv[1] == "command-line":
        without_callbacks()

MEMORY = 1 << 30
SECONDS = 10.0


class TooLongError(BaseException):
    """Not an Exception: what a reader takes for an error of its own is not this one."""


def late(number: int, frame: FrameType | None) -> None:
    raise TooLongError(f"more than {SECONDS:g} s")


class Findings:
    """Each kind of finding once, known by its error and the place in zpmaint that it came from."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.smallest: dict[str, int] = {}
        folder.mkdir(parents=True, exist_ok=True)

    def take(self, data: bytes, error: BaseException) -> None:
        name = _kind(error)
        told = self.folder / f"{name}.txt"
        kept = self.folder / f"{name}.input"
        if name not in self.smallest:
            self.smallest[name] = kept.stat().st_size if kept.is_file() else len(data) + 1
        if len(data) < self.smallest[name]:
            self.smallest[name] = len(data)
            kept.write_bytes(data)
            text = "".join(traceback.format_exception(error, limit=-30))
            told.write_text(text, encoding="utf-8", errors="backslashreplace")


def _kind(error: BaseException) -> str:
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__)
        if "/zpmaint/" in frame.filename
    ]  # fmt: skip
    last = frames[-1] if frames else None
    place = last.filename.rpartition("/zpmaint/")[2].replace("/", ".") if last else "target"
    where = f"{type(error).__name__}-{place}-{last.name if last else ''}"
    safe = "".join(sign if sign.isalnum() or sign in "._-" else "_" for sign in where)[:100]
    return f"{safe}-{hashlib.sha256(where.encode()).hexdigest()[:6]}"


def main() -> None:
    name, folder, *words = sys.argv[1:]
    run = TARGETS[name]
    findings = Findings(Path(folder))

    def once(data: bytes) -> None:
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        try:
            run(data)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            signal.setitimer(signal.ITIMER_PROF, 0)
            findings.take(data, error)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)

    signal.signal(signal.SIGPROF, late)
    own = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (own + MEMORY, own + MEMORY))
    atheris.Setup([sys.argv[0], *words], once)
    atheris.Fuzz()


main()
