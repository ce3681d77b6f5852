# SPDX-License-Identifier: GPL-2.0-only
"""Source distribution and wheel, by setuptools of a known version, in an environment of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path

from releasing.lock import BUILD, REQUIREMENTS
from releasing.packing import normalised
from releasing.source import Source


def environment(folder: Path) -> Path:
    """Make the environment that wheels are built in; its Python."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / "bin" / "python"
    _pip(python, "install", "--require-hashes", "-r", str(BUILD))
    return python


def sdist(python: Path, tree: Path, out: Path, source: Source) -> Path:
    """The source distribution of the exported `tree`, in `out`."""
    made = _backend(python, tree, "build_sdist", out, source)
    made.write_bytes(normalised(made.read_bytes(), source.epoch))
    return made


def wheel(python: Path, packed: Path, work: Path, out: Path, source: Source) -> Path:
    """The wheel of a source distribution, which so is shown to hold all that it takes."""
    with tarfile.open(packed) as tar:
        tar.extractall(work, filter="data")
    (tree,) = work.iterdir()
    return _backend(python, tree, "build_wheel", out, source)


def fetched(folder: Path) -> list[Path]:
    """The wheels of requirements.txt for this Python, checked by their hashes."""
    _pip(Path(sys.executable), "download", "--require-hashes", "--only-binary=:all:",
         "-r", str(REQUIREMENTS), "--dest", str(folder))  # fmt: skip
    return sorted(folder.glob("*.whl"))


def metadata_of(packed: Path) -> Message:
    """What a wheel says of itself."""
    with zipfile.ZipFile(packed) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        return HeaderParser().parsestr(archive.read(name).decode())


def unpack(packed: Path, site: Path, prefix: Path) -> None:
    """Lay a wheel out as pip does: its packages into `site`, its data below `prefix`; programs are
    left out. Raises ValueError for a name that leads out of both."""
    with zipfile.ZipFile(packed) as archive:
        for name, place in _places(archive, site, prefix):
            target = place.resolve()
            if not any(target.is_relative_to(top.resolve()) for top in (site, prefix)):
                raise ValueError(f"{packed.name}: {name} leads out of the environment")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(archive.read(name))
            target.chmod(0o644)


def _places(archive: zipfile.ZipFile, site: Path, prefix: Path) -> Iterator[tuple[str, Path]]:
    for name in sorted(archive.namelist()):
        if name.endswith("/"):
            continue
        top, _, rest = name.partition("/")
        if not top.endswith(".data"):
            yield name, site / name
            continue
        scheme, _, inner = rest.partition("/")
        if scheme in ("purelib", "platlib"):
            yield name, site / inner
        elif scheme == "data":
            yield name, prefix / inner


def _backend(python: Path, tree: Path, hook: str, out: Path, source: Source) -> Path:
    """Call setuptools' own entry for builders; the file that it wrote."""
    out.mkdir(parents=True, exist_ok=True)
    code = f"import setuptools.build_meta as b, sys; b.{hook}(sys.argv[1])"
    before = set(out.iterdir())
    subprocess.run(
        [python, "-c", code, out.absolute()],
        cwd=tree,
        env={**os.environ, "SOURCE_DATE_EPOCH": str(source.epoch), "PYTHONHASHSEED": "0"},
        check=True,
        umask=0o022,
        stdout=subprocess.DEVNULL,
    )
    (made,) = set(out.iterdir()) - before
    return made


def _pip(python: Path, *words: str) -> None:
    subprocess.run([python, "-m", "pip", "-qq", "--disable-pip-version-check", *words], check=True)
