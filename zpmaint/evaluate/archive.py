"""One pass over a kernel's tarball: the wanted files and the names of all."""

from __future__ import annotations

import subprocess
import tarfile
from collections.abc import Collection
from pathlib import Path

from zpmaint.errors import InfraError
from zpmaint.tools import need


def read_files(archive: Path, wanted: Collection[str]) -> tuple[dict[str, bytes | None], list[str]]:
    """The wanted files of a .tar.xz by path under its top folder, None for what is not a file
    there; and the paths of all its files. Nothing is unpacked.

    Raises InfraError where the archive is damaged.
    """
    need("xz")
    found: dict[str, bytes | None] = dict.fromkeys(wanted)
    names: list[str] = []
    with subprocess.Popen(["xz", "-dc", str(archive)], stdout=subprocess.PIPE) as xz:
        try:
            with tarfile.open(fileobj=xz.stdout, mode="r|") as tar:
                for member in tar:
                    path = member.name.removeprefix("./").partition("/")[2]
                    if not member.isfile():
                        continue
                    names.append(path)
                    if path in found and (stream := tar.extractfile(member)):
                        found[path] = stream.read()
        except (tarfile.TarError, EOFError) as error:
            raise InfraError(
                f"{archive}: {error}", "delete it; it will be fetched again"
            ) from error
        finally:
            xz.kill()
    return found, names
