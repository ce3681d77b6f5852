# SPDX-License-Identifier: GPL-2.0-only
"""A Debian package: an environment of its own below /usr/lib/zpmaint, with every Python package
that zpmaint needs in it; the programs that it calls are its Depends and Recommends."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

from releasing.sbom import component_of
from releasing.source import Source
from releasing.wheels import unpack

_PREFIX = "usr/lib/zpmaint"
_PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"
_ENTRY = f"""\
#!/{_PREFIX}/bin/python
from zpmaint.__main__ import main

main()
"""
_CONFIG = f"home = /usr/bin\ninclude-system-site-packages = false\nversion = {_PYTHON[6:]}\n"
_POSTINST = f"""\
#!/bin/sh
set -e
if [ "$1" = configure ]; then /{_PREFIX}/bin/python -m compileall -q /{_PREFIX}/lib >/dev/null; fi
"""
_PRERM = f"""\
#!/bin/sh
set -e
find /{_PREFIX}/lib -depth -name __pycache__ -exec rm -r {{}} +
"""
_CONTROL = """\
Package: zpmaint
Version: {version}
Architecture: {arch}
Maintainer: {maintainer}
Installed-Size: {size}
Depends: {depends}
Recommends: {recommends}
Section: devel
Priority: optional
Description: keeps out-of-tree Linux kernel patches alive
 Ports a patch or a series onto each kernel, builds the kernel stock and
 patched, boots both in QEMU, runs suites of tests in each, and publishes
 what came out.
"""


def build(source: Source, made: Path, wheels: Sequence[Path], root: Path, out: Path) -> Path:
    """The package of zpmaint's wheel `made` and of `wheels`, laid out in `root`, in `out`."""
    _lay_out(source, made, wheels, root)
    control = root / "DEBIAN"
    control.mkdir()
    for name, text in (("postinst", _POSTINST), ("prerm", _PRERM)):
        _write(control / name, text, 0o755)
    _write(control / "md5sums", "".join(_md5sums(root)))
    size = sum(-(-path.stat().st_size // 1024) for path in _files(root))
    _write(control / "control", _control(source, root, size))
    for folder in (root, *(path for path in root.rglob("*") if path.is_dir())):
        folder.chmod(0o755)
    place = out / f"zpmaint_{source.version}_{_arch()}.deb"
    subprocess.run(
        ["dpkg-deb", "--root-owner-group", "-Zxz", "--build", root, place],
        env={**os.environ, "SOURCE_DATE_EPOCH": str(source.epoch), "DPKG_DEB_THREADS_MAX": "1"},
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return place


def _lay_out(source: Source, made: Path, wheels: Sequence[Path], root: Path) -> None:
    prefix = root / _PREFIX
    site = prefix / "lib" / _PYTHON / "site-packages"
    site.mkdir(parents=True)
    for packed in (*wheels, made):
        unpack(packed, site, prefix)
    programs = prefix / "bin"
    programs.mkdir()
    (programs / "python").symlink_to(f"/usr/bin/{_PYTHON}")
    (programs / "python3").symlink_to("python")
    _write(programs / "zpmaint", _ENTRY, 0o755)
    _write(prefix / "pyvenv.cfg", _CONFIG)
    (root / "usr/bin").mkdir()
    (root / "usr/bin/zpmaint").symlink_to("../lib/zpmaint/bin/zpmaint")
    shared = prefix / "share"
    if (shared / "man").is_dir():  # where man looks for it
        (root / "usr/share").mkdir()
        (shared / "man").rename(root / "usr/share/man")
    _write(root / "usr/share/doc/zpmaint/copyright", _copyright(site, wheels))


def _copyright(site: Path, wheels: Sequence[Path]) -> str:
    (licence,) = site.glob("zpmaint-*.dist-info/**/LICENSE")
    rows = []
    for packed in wheels:
        part = component_of("library", packed)
        said = [row.get("expression") or row["license"]["name"] for row in part["licenses"]]
        rows.append(f"  {part['name']} {part['version']}: {', '.join(said)}\n")
    return (
        "zpmaint: GPL-2.0-only, whose text is below.\n\n"
        f"With it, each with its licence in /{_PREFIX}/lib/{_PYTHON}/site-packages/:\n\n"
        + "".join(rows)
        + f"\n{licence.read_text()}"
    )


def _control(source: Source, root: Path, size: int) -> str:
    (table,) = root.rglob("zpmaint/core/tools.toml")
    tools = tomllib.loads(table.read_text())
    # What one architecture or profile alone needs is installed by who asks for it: zpmaint doctor.
    usual = [row for row in tools.values() if not {"arch", "profile"} & row.keys()]
    needed = {row["package"] for row in usual if not row.get("optional")}
    wished = {row["package"] for row in usual} - needed
    major, minor = sys.version_info[:2]
    python = [f"{_PYTHON}", f"python3 (>= {major}.{minor})", "ca-certificates"]
    return _CONTROL.format(
        version=source.version,
        arch=_arch(),
        maintainer=source.committer,
        size=size,
        depends=", ".join([*python, *sorted(needed)]),
        recommends=", ".join(sorted(wished)),
    )


def _files(root: Path) -> Iterator[Path]:
    for path in sorted(root.rglob("*")):
        if path.is_file() and not path.is_symlink() and "DEBIAN" not in path.parts:
            yield path


def _md5sums(root: Path) -> Iterator[str]:
    for path in _files(root):
        digest = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
        yield f"{digest}  {path.relative_to(root)}\n"


def _write(path: Path, text: str, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)


def _arch() -> str:
    said = subprocess.run(["dpkg", "--print-architecture"], check=True, stdout=subprocess.PIPE)
    return said.stdout.decode().strip()
