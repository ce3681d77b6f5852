# SPDX-License-Identifier: GPL-2.0-only
"""kernels.toml: checked whole; an error names the file, the key and what would be right."""

from __future__ import annotations

from pathlib import Path

import pytest

from zpmaint.core.config import load_config
from zpmaint.core.errors import UserError
from zpmaint.core.toml import parse_toml

GOOD = """
patch = "mine"
[sources.debian]
kind = "debian"
[sources.mirror]
kind = "git"
where_env = "SOME_GIT"
[[kernel]]
version = "6.12.*"
sources = ["debian"]
[[kernel]]
version = "2.6.21"
sources = ["mirror", "debian"]
arch = ["x86_64", "i386"]
"""


def write(folder: Path, text: str) -> Path:
    (folder / "patches/mine").mkdir(parents=True, exist_ok=True)
    (folder / "patches/mine/patch.toml").touch()
    path = folder / "kernels.toml"
    path.write_text(text)
    return path


def test_good(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, GOOD))
    assert [k.series for k in config.kernel] == ["6.12", None]
    assert config.kernel[1].arch == ("x86_64", "i386")


@pytest.mark.parametrize(
    ("change", "to", "says"),
    [
        ('patch = "mine"', 'patch = "yours"', ["patch", "'yours'", "patches/"]),
        ('patch = "mine"', "", ["patch", "missing"]),
        ('kind = "git"', 'kind = "svn"', ["sources.mirror.kind", "git"]),
        ('where_env = "SOME_GIT"', "", ["sources.mirror", "where"]),
        ('version = "6.12.*"', 'version = "6.x"', ["kernel[1].version", "6.x"]),
        ('version = "2.6.21"', 'version = "6.12.*"', ["6.12.*", "twice"]),
        ('sources = ["debian"]', 'sources = ["nosuch"]', ["nosuch", "debian, mirror"]),
        ('sources = ["debian"]', "sources = []", ["kernel[1].sources"]),
        ('arch = ["x86_64", "i386"]', 'arch = ["m68k"]', ["kernel[2].arch[1]", "i386"]),
        ('arch = ["x86_64", "i386"]', 'colour = "red"', ["kernel[2].colour", "unknown key"]),
        ('patch = "mine"', 'patch = "mine"\npatsh = 1', ["patsh", "unknown key"]),
        ('kind = "debian"', "kind =", ["not TOML", "line"]),
    ],
)
def test_faults(tmp_path: Path, change: str, to: str, says: list[str]) -> None:
    assert change in GOOD
    with pytest.raises(UserError) as caught:
        load_config(write(tmp_path, GOOD.replace(change, to, 1)))
    message = str(caught.value)
    assert str(tmp_path / "kernels.toml") in message
    assert "\n" not in message
    for word in says:
        assert word in message


def test_all_faults_at_once(tmp_path: Path) -> None:
    bad = GOOD.replace('"6.12.*"', '"x"').replace('kind = "git"', 'kind = "svn"')
    with pytest.raises(UserError) as caught:
        load_config(write(tmp_path, bad))
    assert "kernel[1].version" in str(caught.value)
    assert "sources.mirror.kind" in str(caught.value)


def test_the_project_itself() -> None:
    load_config(Path(__file__).parent.parent / "kernels.toml")


@pytest.mark.parametrize(
    "text",
    ["a." * 200 + "a = 1", "[" + "a." * 30_000 + "a]", "x = {" + "a . " * 200 + "a = 1}",
     "a = " + "[" * 30_000, "a = " + "{a=" * 30_000, "a = " + "9" * 5000],
    ids=["key", "table", "inline", "arrays", "inline tables", "digits"],
)  # fmt: skip
def test_toml_that_python_cannot_read_is_refused(text: str) -> None:
    with pytest.raises(UserError, match=r"^x\.toml: not TOML"):
        parse_toml(text, "x.toml")


def test_toml_may_hold_any_prose() -> None:
    text = "why = '''" + "a.b.c, " * 500 + "." * 500 + "'''\n"
    assert "a.b.c" in parse_toml(text, "x.toml")["why"]
