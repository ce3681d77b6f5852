# SPDX-License-Identifier: GPL-2.0-only
"""Names that a patch defines itself are asked of no tree, and are not missed in one."""

from __future__ import annotations

from port_fixtures import PATH, V, anchor, diff, patchset

from zpmaint.port import engine
from zpmaint.port.own_names import of_lines, of_patch
from zpmaint.port.terms import Terms
from zpmaint.port.values import Port, State

BASE = (
    "#include <linux/toy.h>\n\nstatic int limit;\n\nint toy(struct dev *dev)\n{\n"
    "\tlock(dev);\n\tget(dev);\n\tput(dev);\n\tunlock(dev);\n\treturn 0;\n}\n"
)


def ported(patch: str, target: str, terms: Terms) -> Port:
    chosen = patchset(anchor(patch))
    bases = {"a": {PATH: BASE.encode(), "mm/new.c": None}}
    files = {PATH: target.encode(), "mm/new.c": None}
    return engine.port(chosen, V("2.6.21"), bases, files, terms=terms)


def test_what_lines_define() -> None:
    lines = [
        "#define BURST_MAX 7\n",
        "int burst_score;\n",
        "static void burst_update(struct task *p)\n",
        "{\n",
        "\tu64 burst_time;\n",
        "\treturn not_defined_here;\n",
        "\tgoto out_of_here;\n",
        "\tcalled(here);\n",
        "}\n",
        "struct burst {\n",
        "\tunsigned int burst_count;\n",
        "};\n",
    ]
    found = of_lines([("kernel/burst.c", lines)])
    assert found >= {"BURST_MAX", "burst_score", "burst_update", "burst_time", "burst_count"}
    assert not found & {"not_defined_here", "out_of_here", "called", "here"}
    symbols = of_lines([("init/Kconfig", ["config SCHED_BORE\n", '\tbool "x"\n'])])
    assert symbols == {"SCHED_BORE", "CONFIG_SCHED_BORE"}


def test_a_tree_is_not_asked_for_what_the_patch_defines() -> None:
    asked: list[str] = []

    def gone(name: str) -> bool:
        asked.append(name)
        return name == "burst_update"  # an older kernel had one, too, and upstream dropped it

    helper = "static void burst_update(struct dev *dev)\n{\n\tborrow(dev);\n}\n\n"
    patched = BASE.replace("int toy(", helper + "int toy(").replace(
        "\tput(dev);\n", "\tput(dev);\n\tburst_update(dev);\n"
    )
    done = ported(diff(BASE, patched), BASE, Terms(gone=gone))
    assert done.state is State.APPLIES, done.why
    assert asked == ["borrow"]


def test_what_one_file_of_a_patch_defines_another_may_call() -> None:
    new = "int burst_update(struct dev *dev)\n{\n\treturn 0;\n}\n"
    patched = BASE.replace("\tput(dev);\n", "\tput(dev);\n\tburst_update(dev);\n")
    patch = diff(BASE, patched)
    created = "".join(f"+{line}\n" for line in new.splitlines())
    patch += f"--- /dev/null\n+++ b/mm/new.c\n@@ -0,0 +1,{new.count(chr(10))} @@\n{created}"
    assert "burst_update" in of_patch(patch)
    done = ported(patch, BASE, Terms(gone=lambda name: name == "burst_update"))
    assert done.state is State.APPLIES, done.why


def test_a_name_that_upstream_dropped_and_the_patch_brings_back_is_there() -> None:
    """ "no longer has X" was said of names that the patch itself defines."""
    target = BASE.replace("static int limit;\n\n", "")
    patched = BASE.replace("\tput(dev);\n", "\tint limit;\n\n\tput(dev);\n\tuse(limit);\n")
    done = ported(diff(BASE, patched), target, Terms(exists=lambda name: name != "limit"))
    assert done.state is State.APPLIES, done.why
    called = BASE.replace("\tput(dev);\n", "\tput(dev);\n\tuse(limit);\n")
    done = ported(diff(BASE, called), target, Terms(exists=lambda name: name != "limit"))
    assert done.state is State.CONFLICT and "no longer has limit" in done.why
