# SPDX-License-Identifier: GPL-2.0-only
"""Which versions of other packages a release is built and tried with: their names, versions and
SHA-256, as `pip install --require-hashes -r` takes them. No file names a server.

requirements.txt is what zpmaint runs with, build.txt what its wheel is built with.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
REQUIREMENTS = HERE / "requirements.txt"
BUILD = HERE / "build.txt"
PYTHONS = ("3.11", "3.12", "3.13")
"""For which the wheels are named, on x86_64 with glibc 2.28 or newer."""
_PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64",
              "manylinux_2_5_x86_64", "manylinux1_x86_64")  # fmt: skip
_ROW = re.compile(r"([A-Za-z0-9._-]+)==(\S+) \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)")
_HEAD = """\
# SPDX-License-Identifier: GPL-2.0-only
# {what} Written by `ci/release lock`.
#   pip install --require-hashes -r {name}
"""


@dataclass(frozen=True)
class Pinned:
    """A package at one version, with the SHA-256 of each wheel that may be installed."""

    name: str
    version: str
    hashes: tuple[str, ...]


def read(path: Path) -> tuple[Pinned, ...]:
    """The rows of a lock file. Raises ValueError for what is none."""
    text = "".join(
        line for line in path.read_text().splitlines(keepends=True) if not line.startswith("#")
    )
    found = list(_ROW.finditer(text))
    if "".join(row[0] for row in found) != text:
        raise ValueError(f"{path}: not as ci/release lock writes it")
    return tuple(
        Pinned(row[1], row[2], tuple(re.findall(r"sha256:([0-9a-f]{64})", row[3]))) for row in found
    )


def text_of(pinned: Sequence[Pinned], what: str, name: str) -> str:
    """The text of a lock file."""
    rows = []
    for one in sorted(pinned, key=lambda one: one.name):
        hashes = " \\\n".join(f"    --hash=sha256:{digest}" for digest in sorted(one.hashes))
        rows.append(f"{one.name}=={one.version} \\\n{hashes}\n")
    return _HEAD.format(what=what, name=name) + "".join(rows)


def write(top: Path) -> None:
    """Look both lists up anew, by pip: the newest versions that pyproject.toml lets pass."""
    project = tomllib.loads((top / "pyproject.toml").read_text())
    for path, wanted, what in (
        (REQUIREMENTS, project["project"]["dependencies"], "What a release of zpmaint runs with."),
        (BUILD, project["build-system"]["requires"], "What its wheel is built with."),
    ):
        path.write_text(text_of(list(_looked_up(wanted)), what, path.name))


def _looked_up(wanted: Sequence[str]) -> Iterator[Pinned]:
    report = _pip("install", "--dry-run", "--ignore-installed", "--report", "-", *wanted)
    versions = {
        normal(row["metadata"]["name"]): row["metadata"]["version"]
        for row in json.loads(report)["install"]
    }
    hashes: dict[str, set[str]] = {name: set() for name in versions}
    exact = [f"{name}=={version}" for name, version in versions.items()]
    platforms = [word for platform in _PLATFORMS for word in ("--platform", platform)]
    for python in PYTHONS:
        with tempfile.TemporaryDirectory() as folder:
            _pip("download", "--no-deps", "--only-binary=:all:", "--python-version", python,
                 *platforms, "--dest", folder, *exact)  # fmt: skip
            for path in Path(folder).iterdir():
                digest = hashlib.sha256(path.read_bytes()).hexdigest()
                hashes[normal(path.name.partition("-")[0])].add(digest)
    for name, version in versions.items():
        yield Pinned(name, version, tuple(sorted(hashes[name])))


def normal(name: str) -> str:
    """A package's name as indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _pip(*words: str) -> str:
    command = [sys.executable, "-m", "pip", "-qq", "--disable-pip-version-check", *words]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
