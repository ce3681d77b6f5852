# SPDX-License-Identifier: GPL-2.0-only
"""Config profiles and what kconfig makes of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from zpmaint.build import profiles
from zpmaint.build.conditions import SourceView
from zpmaint.build.kconfig import fragment, refusals, symbols
from zpmaint.build.profiles import Profile, choose, declared, read_wishes
from zpmaint.core.errors import UserError
from zpmaint.core.wishes import Wish

CONFIGS = Path(profiles.__file__).with_name("profiles")


def _pvh(tmp_path: Path) -> SourceView:
    (tmp_path / "arch/x86").mkdir(parents=True)
    (tmp_path / "arch/x86/Kconfig").write_text("config PVH\n\tbool\n")
    return SourceView(tmp_path)


def _tty(tmp_path: Path) -> SourceView:
    (tmp_path / "drivers/tty").mkdir(parents=True)
    (tmp_path / "drivers/tty/Kconfig").write_text('config TTY\n\tbool "Enable TTY" if EXPERT\n')
    return SourceView(tmp_path)


def test_chosen_by_what_the_tree_holds(tmp_path: Path) -> None:
    assert choose(SourceView(tmp_path), "x86_64").name == "legacy"
    assert choose(_tty(tmp_path), "x86_64").name == "middle"
    assert choose(SourceView(tmp_path), "i386").name == "legacy"
    pvh = _pvh(tmp_path)
    assert choose(pvh, "x86_64").name == "modern"
    chosen = choose(pvh, "i386")
    assert (chosen.name, chosen.config) == ("modern", "modern-i386.config")


def test_without_pvh_the_modern_choices_make_a_bzimage(tmp_path: Path) -> None:
    middle = choose(_tty(tmp_path), "x86_64")
    modern = choose(_pvh(tmp_path), "x86_64")
    assert middle.wishes == modern.wishes
    assert (middle.target, middle.kind, modern.kind) == ("bzImage", "bzImage", "vmlinux")


def test_layers_take_the_place_of_what_is_below(tmp_path: Path) -> None:
    pvh = _pvh(tmp_path)
    minimal, full, debug = (choose(pvh, "x86_64", name) for name in (None, "full", "debug"))
    assert minimal.name == "modern"

    def value(profile: Profile, symbol: str) -> str | None:
        return next((w.value for w in profile.wishes if w.symbol == symbol), None)

    for symbol, values in {
        "SMP": ("n", "y", "y"),
        "COREDUMP": ("n", "y", "y"),
        "NUMA": (None, "y", "y"),
        "KALLSYMS": ("n", "y", "y"),
        "PROVE_LOCKING": (None, None, "y"),
        "PVH": ("y", "y", "y"),
    }.items():
        assert tuple(value(row, symbol) for row in (minimal, full, debug)) == values
    # What a layer does not name stays, in its order; kconfig gets no symbol twice.
    over = {wish.symbol for wish in read_wishes(CONFIGS / "full-modern-x86_64.config")}
    below = [wish for wish in minimal.wishes if wish.symbol not in over]
    assert [wish for wish in full.wishes if wish.symbol not in over] == below


def test_unasked_no_profile_has_layers(tmp_path: Path) -> None:
    assert not choose(SourceView(tmp_path), "x86_64").layers
    old = choose(SourceView(tmp_path), "x86_64", "full")
    assert (old.kind, old.layers) == ("bzImage", ("full-legacy-x86_64.config",))
    # The kernels between the two have not been tried with more.
    with pytest.raises(UserError, match="no config profile 'full'"):
        choose(_tty(tmp_path), "x86_64", "full")


def test_one_may_be_asked_for_where_it_fits(tmp_path: Path) -> None:
    tree = _pvh(tmp_path)
    assert choose(tree, "x86_64", "legacy").kind == "bzImage"
    with pytest.raises(UserError, match="no config profile 'x'"):
        choose(tree, "x86_64", "x")
    with pytest.raises(UserError, match="no config profile for sparc"):
        choose(tree, "sparc")


@pytest.mark.parametrize(
    "profile", declared(), ids=lambda row: f"{row.name}-{row.arch}-{row.config}"
)
def test_declared_profiles_read_well(profile: object) -> None:
    wishes = profile.wishes  # type: ignore[attr-defined]
    names = [wish.symbol for wish in wishes]
    assert len(names) == len(set(names)) > 20
    assert all(wish.why for wish in wishes)
    serial = "SERIAL_AMBA_PL011_CONSOLE" if profile.arch == "arm64" else "SERIAL_8250_CONSOLE"  # type: ignore[attr-defined]
    for symbol in ("PRINTK", "SHMEM", serial, "PROC_FS", "TMPFS", "SWAP"):
        assert Wish(symbol, "y", True, "") == Wish(
            symbol, *next((w.value, w.required, "") for w in wishes if w.symbol == symbol)
        )


def test_a_line_without_its_reason_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.config"
    path.write_text("# reason\nCONFIG_A=y\nCONFIG_B=y\n")
    with pytest.raises(UserError, match=r"x\.config:3: CONFIG_B=y: no reason"):
        read_wishes(path)
    path = tmp_path / "y.config"
    path.write_text("# reason\nCONFIG_A is not set\n")
    with pytest.raises(UserError, match=r"y\.config:2"):
        read_wishes(path)


CONFIG = """#
# Automatically generated
CONFIG_A=y
# CONFIG_B is not set
CONFIG_NAME="noop"
CONFIG_START=0x200000
CONFIG_M=m
"""


@pytest.mark.parametrize(
    ("symbol", "value", "got"),
    [
        ("A", "y", None),
        ("A", "n", "y"),
        ("B", "y", "n"),
        ("B", "n", None),
        ("HIDDEN", "y", "n"),
        ("HIDDEN", "n", None),
        ("M", "y", "m"),
        ("NAME", '"noop"', None),
        ("NAME", '"cfq"', '"noop"'),
        ("START", "0x0200000", None),
        ("START", "0x100000", "0x200000"),
        ("OTHER_KERNELS", "y", None),
    ],
)
def test_refusals(symbol: str, value: str, got: str | None) -> None:
    wish = Wish(symbol, value, True, "a reason")
    known = frozenset({"A", "B", "HIDDEN", "M", "NAME", "START"})
    found = refusals([wish], known, CONFIG)
    assert [row.got for row in found] == ([] if got is None else [got])


def test_symbols_of_the_tree(tmp_path: Path) -> None:
    for path, text in {
        "Kconfig": "config TOP\n",
        "mm/Kconfig": "config SWAP\n\tbool\n\tdepends on config\nmenuconfig MENU\n",
        "mm/Kconfig.debug": "config DEBUG\n",
        "arch/x86/Kconfig": "config X86\n",
        "arch/x86_64/Kconfig": "config OLD64\n",
        "arch/i386/Kconfig": "config OLD32\n",
        "arch/arm/Kconfig": "config ARM\n",
        "drivers/arch/Kconfig": "\tconfig INDENTED\n",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    shared = {"TOP", "SWAP", "MENU", "DEBUG", "X86", "INDENTED"}
    assert symbols(tmp_path, "x86_64") == shared | {"OLD64"}
    assert symbols(tmp_path, "i386") == shared | {"OLD32"}


def test_fragment() -> None:
    wishes = [Wish("A", "y", True, "r"), Wish("B", "n", False, "r")]
    assert fragment(wishes) == "CONFIG_A=y\nCONFIG_B=n\n"
