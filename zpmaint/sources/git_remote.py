# SPDX-License-Identifier: GPL-2.0-only
"""The tags of a repository that is elsewhere, asked for without a clone (`git ls-remote`), and
kept: asked for anew now and then, and kept to where the server does not answer."""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from zpmaint.core.files import locked
from zpmaint.core.progress import SILENT, Reporter
from zpmaint.core.remembered import recall, remember
from zpmaint.sources.bounds import Bounds, TooLargeError, bounds_of
from zpmaint.sources.git_run import GitError, of_ours
from zpmaint.sources.source import SourceFailedError

_TAGS = "refs/tags/"


def remote_tags(
    url: str,
    place: Path,
    *,
    max_age: float,
    bounds: Bounds | None = None,
    reporter: Reporter = SILENT,
) -> tuple[list[str], float, str]:
    """The names of the tags (v6.12.107), when the server last gave them (seconds since the epoch),
    and why what was kept at `place` serves in their place, '' where it does not. The server is
    asked at most every `max_age` seconds. Raises SourceFailedError where nothing is kept."""
    with locked(place, reporter):
        kept = _kept(place, url, reporter)
        if kept is not None and 0 <= time.time() - kept[1] < max_age:
            return *kept, ""
        try:
            with reporter.step(f"list the tags of {url}") as step:
                try:
                    names = _asked(url, bounds or bounds_of("tags"))
                except SourceFailedError as error:
                    if kept is not None:
                        step.note(f"{error.what}; what was listed before is used")
                    raise
        except SourceFailedError as error:
            if kept is None:
                raise
            return *kept, error.what
        now = time.time()
        remember(place, {"url": url, "asked": now, "names": names})
        return names, now, ""


def _asked(url: str, bounds: Bounds) -> list[str]:
    late = threading.Event()
    try:
        with of_ours(None).start("ls-remote", "--tags", "--refs", "--", url) as git:

            def end() -> None:
                late.set()
                with suppress(ProcessLookupError):
                    os.killpg(git.process.pid, signal.SIGKILL)  # with what speaks HTTP for it

            timer = threading.Timer(bounds.seconds, end)
            timer.daemon = True
            timer.start()
            try:
                said = git.stdout.read(bounds.size + 1)
                if len(said) > bounds.size:
                    raise TooLargeError(url, len(said), bounds)
                git.finish()
            finally:
                timer.cancel()
    except GitError as error:
        why = f"not done after {bounds.seconds:g} s" if late.is_set() else error.said
        raise SourceFailedError(f"git:{url}: {why}", "is the URL right, the network up?") from None
    refs = (line.partition("\t")[2] for line in said.decode("utf-8", "replace").splitlines())
    return [ref.removeprefix(_TAGS) for ref in refs if ref.startswith(_TAGS)]


def _kept(place: Path, url: str, reporter: Reporter) -> tuple[list[str], float] | None:
    found: Any = recall(place, reporter)
    try:
        if found["url"] == url:
            return [str(name) for name in found["names"]], float(found["asked"])
    except (KeyError, TypeError, ValueError):
        pass  # not asked before, or by another zpmaint
    return None
