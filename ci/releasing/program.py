# SPDX-License-Identifier: GPL-2.0-only
"""A release of zpmaint, of what is committed: source distribution, wheel, Debian package, the list
of what it runs with (with hashes), its bill of materials, SHA256SUMS.

    ci/release build --out dist/      all of it, from HEAD
    ci/release check                  twice, in other folders, with another time zone, umask and
                                      language: the same bytes, or exit status 1
    ci/release lock                   look anew which versions it runs with; to be committed

Python of Debian 12 and git; pip fetches what requirements.txt and build.txt name, by their hashes.
docs/releasing.md tells what comes before and after.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

from releasing import deb, lock, packing, sbom, wheels
from releasing.source import Source, export, source_of

TOP = Path(__file__).resolve().parents[2]
OTHERWISE = {"TZ": "Pacific/Kiritimati", "LC_ALL": "C", "PYTHONHASHSEED": "7"}
"""What `check` builds the second time with."""


def build(source: Source, out: Path) -> None:
    """All artefacts of a commit, in the folder `out`, which is new."""
    out.mkdir(parents=True)
    with tempfile.TemporaryDirectory(prefix="zpmaint-release-") as folder:
        work = Path(folder)
        tree = work / "tree"
        tree.mkdir()
        export(source, tree)
        python = wheels.environment(work / "environment")
        packed = wheels.sdist(python, tree, out, source)
        made = wheels.wheel(python, packed, work / "unpacked", out, source)
        (work / "wheels").mkdir()
        others = wheels.fetched(work / "wheels")
        shutil.copyfile(lock.REQUIREMENTS, out / "requirements.txt")
        bill = json.dumps(sbom.bill(source, made, others), indent=2, ensure_ascii=False)
        (out / f"zpmaint-{source.version}.cdx.json").write_text(bill + "\n")
        deb.build(source, made, others, work / "root", out)
    (out / "SHA256SUMS").write_text(packing.sums(out))


def check(source: Source) -> int:
    """Build twice; 1 where an artefact is not the same."""
    with tempfile.TemporaryDirectory() as folder:
        first, second = Path(folder, "first"), Path(folder, "a", "second")
        build(source, first)
        former = os.umask(0o077)
        os.environ.update(OTHERWISE)
        try:
            build(source, second)
        finally:
            os.umask(former)
        one, two = ((place / "SHA256SUMS").read_text() for place in (first, second))
    print(one, end="")
    if one == two:
        print("built twice: the same bytes")
        return 0
    print(f"built twice, and not the same:\n{two}", end="")
    return 1


def main() -> int:
    asked = argparse.ArgumentParser(
        prog="ci/release", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    asked.add_argument("what", choices=["build", "check", "lock"])
    asked.add_argument("--out", type=Path, default=TOP / "dist")
    asked.add_argument("--revision", default="HEAD")
    words = asked.parse_args()
    if words.what == "lock":
        lock.write(TOP)
        return 0
    source = source_of(TOP, words.revision)
    if words.what == "check":
        return check(source)
    if words.out.exists():
        print(f"ci/release: {words.out} is there: name another folder with --out", file=sys.stderr)
        return 2
    build(source, words.out)
    print((words.out / "SHA256SUMS").read_text(), end="")
    return 0
