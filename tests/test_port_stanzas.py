# SPDX-License-Identifier: GPL-2.0-only
"""Stanzas that repeat: which of them a hunk was cut from, its base not being the exact release."""

from __future__ import annotations

import re

from port_fixtures import V, anchor, diff, outcome, patchset

from zpmaint.port import engine
from zpmaint.port.values import State

PATH = "arch/arm/boot/dts/toy.dts"


def stanzas(*names: str) -> str:
    return "".join(
        f'\t{name}: usb@{n} {{\n\t\tcompatible = "generic";\n\t\tclocks = <1>;\n'
        "\t\tclocks = <2>;\n\t\tphys = <3>;\n\t\tstatus = <0>;\n\t\twake;\n\t};\n"
        for n, name in enumerate(names)
    )


def test_a_hunk_is_looked_for_from_the_offset_of_the_one_before() -> None:
    """Its base has eight lines more at the top than the release that the patch was cut against: by
    the header's line alone the second hunk would be one stanza too high."""
    line = "\t\tresets = <9>;\n"
    cut = "/ {\n\ttop;\n" + stanzas("ehci0", "ohci0", "ehci1", "ohci1") + "};\n"
    patched = cut.replace("\ttop;\n", "\ttop;\n\tmine;\n")
    at = patched.index("\t\tphys", patched.index("ehci1"))
    patched = patched[:at] + line + patched[at:]
    patch = diff(cut, patched, PATH)
    assert len(re.findall(r"^@@", patch, re.MULTILINE)) == 2
    base = "/* a\n * longer\n * head\n * of\n * this\n * toy\n * file\n */\n" + cut
    bases = {"a": {PATH: base.encode()}}
    done = engine.port(patchset(anchor(patch)), V("2.6.21"), bases, {PATH: base.encode()})
    assert done.state is State.APPLIES, done.why
    want = base.replace("\ttop;\n", "\ttop;\n\tmine;\n")
    at = want.index("\t\tphys", want.index("ehci1"))
    assert outcome(done) == want[:at] + line + want[at:]
