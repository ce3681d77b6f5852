# SPDX-License-Identifier: GPL-2.0-only
"""When the target is said to have a hunk: on what stands there together, and on nothing less."""

from __future__ import annotations

from pathlib import Path

from tests.port_fixtures import PATH, V, anchor, diff, patchset
from zpmaint.diffs.series import load_series
from zpmaint.port.engine import port
from zpmaint.port.series import port_series
from zpmaint.port.terms import YIELDING
from zpmaint.port.values import Fate, MemberPort, Port, State

STRUCT = (
    "struct dev {\n\tint a;\n\tint expected;\n\tint measured;\n\tlong predicted;\n\tint b;\n};\n"
)
BODY = "".join(f"\tstep{n}(a);\n" for n in range(6))
CODE = f"{STRUCT}\nint work(int a)\n{{\n{BODY}\treturn a;\n}}\n"
NODES = "&one {\n\tpinctrl = <1>;\n};\n\n&two {\n\tpinctrl = <2>;\n};\n\n&last {\n\tp = <3>;\n};\n"
OKAY = '&npu {\n\tstatus = "okay";\n};\n\n'
DTS = "arch/arm64/boot/dts/toy.dts"


def of_series(folder: Path, base: str, patched: str, target: str) -> MemberPort:
    """The one patch of a series, carried as `port --series` does."""
    place = folder / "0001-toy.patch"
    place.write_text(diff(base, patched))
    known, now = {PATH: base.encode()}, {PATH: target.encode()}
    return next(port_series(load_series(place), known, now))


def of_queue(base: str, patched: str, target: str, path: str = PATH) -> Port:
    """One patch of a queue, carried on the terms that drop what upstream has."""
    bases = {"a": {path: base.encode()}}
    start = patchset(anchor(diff(base, patched, path)))
    return port(start, V("2.6.21"), bases, {path: target.encode()}, terms=YIELDING)


def test_a_line_that_moved_is_not_gone(tmp_path: Path) -> None:
    """The patch deletes a member, which in the target stands one line further down."""
    patched = CODE.replace("\tint measured;\n", "").replace("step3(a)", "other(a)")
    target = CODE.replace(
        "\tint measured;\n\tlong predicted;\n", "\tlong predicted;\n\tint measured;\n"
    )
    done = of_series(tmp_path, CODE, patched, target)
    assert not any("already" in hunk.why for file in done.files for hunk in file.hunks)
    gone = target.replace("\tint measured;\n", "")
    assert of_series(tmp_path, CODE, patched, gone.replace("step3(a)", "other(a)")).fate is (
        Fate.UPSTREAM
    )


def test_lines_that_stand_in_order_and_not_together() -> None:
    """The head of a node and the line inside it, both there, in two nodes."""
    patched = NODES.replace("&last", f"{OKAY}&last")
    apart = NODES.replace(
        "&one {", '&npu {\n\tclocks = <1>;\n};\n\n&one {\n\tstatus = "okay";'
    ).replace("p = <3>", "p = <4>")
    assert of_queue(NODES, patched, apart, DTS).state is not State.UPSTREAM
    there = NODES.replace(
        "&last", '&npu {\n\tclocks = <1>;\n\tstatus = "okay";\n};\n\n&last'
    ).replace("p = <3>", "p = <4>")
    assert of_queue(NODES, patched, there, DTS).state is State.UPSTREAM


def test_not_where_the_hunk_still_fits() -> None:
    """Upstream does the same elsewhere in the function; the patch applies, and means its place."""
    patched = CODE.replace("\tstep2(a);\n", "\tstep2(a);\n\tcheck(a);\n")
    target = CODE.replace("\treturn a;\n", "\tcheck(a);\n\treturn a;\n").replace(
        "predicted", "guessed"
    )
    done = of_queue(CODE, patched, target)
    assert done.state is State.APPLIES
    assert b"".join(file.result or b"" for file in done.files).decode() == target.replace(
        "\tstep2(a);\n", "\tstep2(a);\n\tcheck(a);\n"
    )
