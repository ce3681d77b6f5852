# SPDX-License-Identifier: GPL-2.0-only
"""The shortest form of `ci/night`: a kernel comes out, the archive fails, the service is killed."""

from __future__ import annotations

from pathlib import Path

import pytest
from night import FIRST, is_possible, night


@pytest.mark.slow  # three kernels are built and booted by a service of many commands: 15 s of CPU
@pytest.mark.timeout(900)
@pytest.mark.skipif(not is_possible(), reason="NOT RUN: needs make, gcc, musl-gcc, setpriv, gpg")
def test_a_kernel_comes_out_by_night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with night(tmp_path / "n", monkeypatch) as made:
        made.start()
        made.until(lambda: made.result(FIRST) == "pass", "the first kernel is published")
        # One that fails comes out while the archive is ill: that is said, and waited for.
        made.org.trouble("broken", "*")
        (made.guest / "bad").write_text("6.12.101\n")
        made.org.release("6.12.101", "longterm")
        made.until(lambda: bool(made.job("track")["says"]), "that it is ill is said")
        assert "503" in made.job("track")["says"] and made.ask("/")[0] == 200
        made.org.mend()
        made.until(lambda: any("6.12.101 x86_64 toy ..." in one for one in made.said), "it begins")
        made.kill()
        made.start()
        made.until(lambda: made.result("6.12.101") == "fail", "the second is published")
        made.until(lambda: ("turned red", "6.12.101") in made.told(), "word of it")
        kernels = b'zpmaint_kernels{patchset="toy",state="'
        made.until(lambda: kernels in made.ask("/metrics")[1], "the metrics have the kernels")
        made.stop()
        assert not any("Traceback" in line for line in made.said)
        assert made.told().count(("turned red", "6.12.101")) == 1
        settled = [row["version"] for row in made.records() if row["result"] in ("pass", "fail")]
        assert sorted(settled) == [FIRST, "6.12.101"]
        assert made.litter() == []
