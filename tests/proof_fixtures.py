# SPDX-License-Identifier: GPL-2.0-only
"""The toy kernel of the evidence tests, of which single objects can be made."""

from __future__ import annotations

from pathlib import Path

import pytest
from build_fixtures import VERSION
from evidence_fixtures import KCONFIG, EvidenceToy

from zpmaint.build.options import BuildOptions
from zpmaint.build.prove import prove
from zpmaint.port.proof import CompileProof, FileProof
from zpmaint.port.values import PortStep

_SINGLE = """
singles := $(filter %.o,$(MAKECMDGOALS))
.PHONY: $(singles)
$(singles): %: $(O)/%
"""


class ProofToy(EvidenceToy):
    """Its Kconfig files read one another; drivers/card.c is off and can be switched on, with what
    it depends on; drivers/off.c cannot."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.write("Makefile", (self.tree / "Makefile").read_text() + _SINGLE)
        self.write("Kconfig", f'{KCONFIG}source "mm/Kconfig"\nsource "drivers/Kconfig"\n')
        self.write(
            "drivers/Kconfig",
            'config BUS\n\tbool "Bus"\nconfig CARD\n\ttristate "Card"\n\tdepends on BUS\n'
            'config OFF\n\tbool "Off"\n\tdepends on ELSEWHERE\n',
        )
        self.write("drivers/Makefile", "obj-$(CONFIG_CARD) += card.o\nobj-$(CONFIG_OFF) += off.o\n")
        self.write("drivers/off.c", "int off;\n")

    def prove(self, *steps: PortStep, only: set[str] | None = None) -> CompileProof:
        return prove(
            VERSION,
            self.tree,
            BuildOptions(jobs=2),
            steps,
            work=self.folder / "cache/proof",
            built=self.work,
            logs=self.folder / "logs",
            reporter=self.kept,
            only=only,
        )

    def proof(self, files: dict[str, str | None]) -> CompileProof:
        return self.prove(self.step(files))

    def proof_of(self, path: str, after: str) -> FileProof:
        """Of a patch to one file."""
        return self.proof({path: after}).files[0]

    def compiled(self) -> list[str]:
        """The objects that the last proof made."""
        (log,) = (self.folder / "logs").glob("*-proof.log")
        rows = log.read_text().splitlines()
        return [row.split()[1] for row in rows if row.split()[:1] == ["CC"]]


@pytest.fixture
def toy(tmp_path: Path) -> ProofToy:
    return ProofToy(tmp_path)
