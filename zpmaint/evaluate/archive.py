# SPDX-License-Identifier: GPL-2.0-only
"""Reading a kernel's tarball as it streams by: wanted files, and which names it speaks of."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Collection
from pathlib import Path

from zpmaint.core.errors import InfraError
from zpmaint.sources.tar_stream import regular_files
from zpmaint.sources.xz import decoded


def read_files(archive: Path, wanted: Collection[str]) -> tuple[dict[str, bytes | None], list[str]]:
    """The wanted files of a .tar.xz by path under its top folder, None for what is not a file
    there; and the paths of all its files. Nothing is unpacked.

    Raises InfraError where the archive is damaged.
    """
    found: dict[str, bytes | None] = dict.fromkeys(wanted)
    names: list[str] = []
    with decoded(archive) as source:
        for path, data in regular_files(source.stream):
            names.append(path)
            if path in found:
                found[path] = data
    return found, names


def names_in(archive: Path, names: Collection[str]) -> set[str]:
    """Those of `names` that a .tar.xz speaks of anywhere, as whole words.

    Raises InfraError where the archive is damaged.
    """
    with tempfile.NamedTemporaryFile("w", prefix="zpmaint-names-") as words:
        words.write("".join(f"{name}\n" for name in sorted(names)))
        words.flush()
        # One word a line, held against a table: it takes what the archive takes to be unpacked,
        # however many names there are. (grep -owFf is quadratic in both.)
        awk = ["awk", "NR == FNR { wanted[$0]; next } $0 in wanted && !seen[$0]++", words.name, "-"]
        bytewise = {**os.environ, "LC_ALL": "C"}
        with (
            decoded(archive) as source,
            subprocess.Popen(
                ["tr", "-cs", "A-Za-z0-9_", "\n"],
                stdin=source.stream,
                stdout=subprocess.PIPE,
                env=bytewise,
            ) as split,
            subprocess.Popen(
                awk, stdin=split.stdout, stdout=subprocess.PIPE, env=bytewise
            ) as found,
        ):
            assert split.stdout and found.stdout
            split.stdout.close()  # the next in the pipe alone holds it
            seen = {line.rstrip(b"\n") for line in found.stdout}
    if split.returncode or found.returncode:
        raise InfraError(f"{archive}: cannot be read", "delete it; it will be fetched again")
    return {name.decode() for name in seen}
