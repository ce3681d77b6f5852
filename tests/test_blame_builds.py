# SPDX-License-Identifier: GPL-2.0-only
"""Whose fault a failed build is, by whole builds of a toy kernel whose tools really die."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import threading
import time
from pathlib import Path

import pytest
from build_fixtures import Toy, toy

from zpmaint.build import limits
from zpmaint.build.diagnosis import Blame, diagnose
from zpmaint.build.recorder import VARIABLE, recording
from zpmaint.build.values import Flavour
from zpmaint.cell.means import means
from zpmaint.cell.values import Groups
from zpmaint.core.errors import IndeterminateError, InfraError, KernelError

__all__ = ["toy"]
STOCK = (Flavour.STOCK,)
GCC = shutil.which("gcc") or "gcc"


@pytest.fixture(autouse=True)
def _no_ccache(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was compiled before is not compiled again, and no tool dies of it."""
    monkeypatch.setenv("CCACHE_DISABLE", "1")


def tool(toy: Toy, monkeypatch: pytest.MonkeyPatch, name: str, body: str) -> Path:
    """A program before all others of its name on PATH; @ONCE@ in its body is true one time."""
    folder = toy.folder / "tools"
    folder.mkdir(exist_ok=True)
    # ccache's folder: there a command of a make can write, and what it wrote stays.
    once = toy.folder / "cache" / "ccache" / f".{name}-done"
    body = body.replace("@ONCE@", f"[ ! -e {once} ] && touch {once}")
    (folder / name).write_text(f"#!/bin/sh\n{body}\n")
    (folder / name).chmod(0o755)
    if str(folder) not in os.environ["PATH"]:
        monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    return folder / name


def is_compile(what: str) -> str:
    """A condition of a shell: gcc is asked to compile `what`."""
    return f'case "$*" in *{what}*) '


@pytest.mark.parametrize("signal", ["KILL", "BUS", "TERM", "XFSZ"])
def test_a_compiler_that_is_killed_is_the_machines_and_then_it_builds(
    toy: Toy, monkeypatch: pytest.MonkeyPatch, signal: str
) -> None:
    tool(
        toy,
        monkeypatch,
        "gcc",
        f'{is_compile("memory.c")}if @ONCE@; then kill -{signal} $$; fi;; esac\nexec {GCC} "$@"',
    )
    with pytest.raises(InfraError) as caught:
        toy.build(flavours=STOCK)
    assert type(caught.value) is InfraError
    assert f"SIG{signal}" in caught.value.what
    toy.build(flavours=STOCK)


def test_a_killed_command_counts_though_make_did_not_mind(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of a Makefile's probe: the answer is another one then, and so is the kernel."""
    makefile = (toy.tree / "Makefile").read_text()
    toy.write("Makefile", makefile + "probe := $(shell probe-it && echo y)\n")
    tool(toy, monkeypatch, "probe-it", "if @ONCE@; then kill -9 $$; fi; exit 1")
    with pytest.raises(InfraError, match=r"probe-it.*SIGKILL"):
        toy.build(flavours=STOCK)
    toy.build(flavours=STOCK)


def test_the_killed_one_may_have_said_anything(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    words = "mm/memory.c:1:1: error: no such thing"
    tool(
        toy,
        monkeypatch,
        "gcc",
        f'{is_compile("memory.c")}if @ONCE@; then echo "{words}" >&2; kill -9 $$; fi;; esac\n'
        f'exec {GCC} "$@"',
    )
    with pytest.raises(InfraError, match="SIGKILL"):
        toy.build(flavours=STOCK)


def test_cc1_killed_below_gcc(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    once = toy.folder / "cache" / "ccache" / ".once"
    parts = toy.folder / "parts"
    parts.mkdir()
    cc1 = os.popen(f"{GCC} -print-prog-name=cc1").read().strip()
    (parts / "cc1").write_text(
        f'#!/bin/sh\ncase "$*" in *memory.c*) [ -e {once} ] || {{ touch {once}; kill -9 $$; }};;'
        f' esac\nexec {cc1} "$@"\n'
    )
    (parts / "cc1").chmod(0o755)
    tool(toy, monkeypatch, "gcc", f'exec {GCC} -B{parts}/ "$@"')
    monkeypatch.setenv("ZPMAINT_CELL_READ", str(parts))
    with pytest.raises(InfraError, match="Killed signal terminated program cc1"):
        toy.build(flavours=STOCK)
    toy.build(flavours=STOCK)


def test_ld_killed_by_the_cgroups_memory_limit(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    if means().cgroup is Groups.NONE:
        pytest.skip(f"no cgroup to limit memory with: {means().cgroup_why}")
    eater = "import sys; b = bytearray(300 << 20); sys.exit(len(b) == 0)"
    tool(
        toy,
        monkeypatch,
        "gcc",
        f"{is_compile('-nostdlib')}if @ONCE@; then python3 -c '{eater}' || exit 1; fi;; esac\n"
        f'exec {GCC} "$@"',
    )
    monkeypatch.setenv(limits.NAME, "memory=96M")
    with pytest.raises(InfraError, match="limit of memory"):
        toy.build(flavours=STOCK)
    monkeypatch.delenv(limits.NAME)
    toy.build(flavours=STOCK)


def test_a_limit_of_the_size_of_files(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(limits.NAME, "file=1K")
    with pytest.raises(InfraError) as caught:
        toy.build(flavours=STOCK)
    assert type(caught.value) is InfraError
    monkeypatch.delenv(limits.NAME)
    toy.build(flavours=STOCK)


def test_a_missing_program(toy: Toy) -> None:
    makefile = (toy.tree / "Makefile").read_text()
    toy.write("Makefile", makefile.replace("\t@echo '  LD ", "\t@flexx --version\n\t@echo '  LD "))
    with pytest.raises(InfraError, match="flexx"):
        toy.build(flavours=STOCK)


def test_tools_that_change_under_the_build(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package upgrade: what is compiled by two compilers is of neither."""
    wrapper = toy.folder / "tools" / "gcc"
    tool(toy, monkeypatch, "gcc", f'exec {GCC} "$@"')
    makefile = (toy.tree / "Makefile").read_text()
    toy.write("Makefile", makefile.replace("\t@echo '  LD ", "\t@sleep 2\n\t@echo '  LD "))

    def upgrade() -> None:
        while not (toy.place / "obj" / "mm" / "memory.o").is_file():
            time.sleep(0.02)
        os.utime(wrapper)

    upgrading = threading.Thread(target=upgrade, daemon=True)
    upgrading.start()
    with pytest.raises(InfraError, match=r"programs changed under the build: .*tools/gcc"):
        toy.build(flavours=STOCK)
    assert not [*toy.place.glob("images/*")], "nothing of it is kept"
    toy.build(flavours=STOCK)


def test_a_folder_that_becomes_read_only(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = "Assembler messages: Fatal error: cannot create mm/memory.o: Read-only file system"
    tool(
        toy,
        monkeypatch,
        "gcc",
        f'{is_compile("memory.c")}if @ONCE@; then echo "{wrong}" >&2; exit 1; fi;; esac\n'
        f'exec {GCC} "$@"',
    )
    with pytest.raises(InfraError, match="Read-only file system"):
        toy.build(flavours=STOCK)
    toy.build(flavours=STOCK)


def test_a_failure_that_does_not_come_again_is_nobodys(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A compiler that is wrong once: memory that flips a bit, for all that anybody knows."""
    tool(
        toy,
        monkeypatch,
        "gcc",
        f'{is_compile("memory.c")}if @ONCE@; then echo "mm/memory.c:1:1: error: no" >&2; exit 1;'
        f' fi;; esac\nexec {GCC} "$@"',
    )
    with pytest.raises(IndeterminateError, match="run again, does not fail"):
        toy.build(flavours=STOCK)
    toy.build(flavours=STOCK)


def test_a_failure_of_one_work_folder_is_nobodys(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command fails each time, but not from a clean folder: something in it is to blame."""
    monkeypatch.setenv("CCACHE_DISABLE", "1")
    left = toy.place / "obj" / "left"
    tool(
        toy,
        monkeypatch,
        "gcc",
        f"{is_compile('memory.c')}if [ -e {left} ]; then "
        f'echo "mm/memory.c:2:1: error: no" >&2; exit 1; fi; touch {left};; esac\nexec {GCC} "$@"',
    )
    toy.build(flavours=STOCK)
    shutil.rmtree(toy.place / "images")
    (toy.place / "obj" / "mm" / "memory.o").unlink()
    with pytest.raises(IndeterminateError, match="did not build the same way twice") as caught:
        toy.build(flavours=STOCK)
    assert "mm/memory.c:2" in caught.value.what
    assert toy.build(flavours=STOCK).stock.image.is_file()


def test_the_kernels_own_error_is_confirmed(toy: Toy) -> None:
    toy.write("mm/memory.c", "int f(void) { return x; }\n")
    with pytest.raises(KernelError) as caught:
        toy.build(flavours=STOCK)
    assert re.search(
        r"does not build: mm/memory\.c:1:22: error: 'x' undeclared .*"
        r" \(confirmed by a second run\)$",
        caught.value.what,
    )
    assert toy.kept.notes, "the second run is announced"


def test_undefined_references_are_confirmed(toy: Toy) -> None:
    toy.write("mm/memory.c", "int f(void);\nint handle_mm_fault(void) { return f(); }\n")
    with pytest.raises(KernelError, match=r"undefined reference to `f'.*\(confirmed by a second"):
        toy.build(flavours=STOCK)


@pytest.mark.parametrize(
    "source",
    [
        '#error "virtual memory exhausted: Cannot allocate memory"\n',
        'int f(void) { puts("x: Cannot allocate memory") return 1; }\n',
        "#error gcc: fatal error: Killed signal terminated program cc1\n",
        '_Static_assert(0, "ld terminated with signal 9 [Killed]");\n',
        '#warning "make: *** [x] Error 137"\nint f(void) { return x; }\n',
        'int f(void)\n{\nreturn "\\\nKilled\\\n: No space left on device" + x;\n}\n',
    ],
)
def test_the_machines_words_in_a_source_are_the_sources(toy: Toy, source: str) -> None:
    toy.write("mm/memory.c", source)
    with pytest.raises(KernelError, match=r"mm/memory\.c:\d+"):
        toy.build(flavours=STOCK)


def test_evidence_wins_over_what_a_makefile_prints(toy: Toy) -> None:
    """It says that there is no memory; there is, and the compiler says what is wrong."""
    words = "gcc: fatal error: Killed signal terminated program cc1"
    assert diagnose([words], "/w/src", "/w/obj").blame is Blame.MACHINE
    makefile = (toy.tree / "Makefile").read_text()
    toy.write(
        "Makefile", makefile.replace("vmlinux: $(objs)", f"$(info {words})\nvmlinux: $(objs)")
    )
    toy.write("mm/memory.c", "int f(void) { return x; }\n")
    with pytest.raises(KernelError, match=r"mm/memory\.c:1:22: error: 'x' undeclared"):
        toy.build(flavours=STOCK)


def test_a_failure_without_a_word_is_nobodys(toy: Toy) -> None:
    makefile = (toy.tree / "Makefile").read_text()
    toy.write("Makefile", makefile.replace("\t@echo '  LD ", "\t@false\n\t@echo '  LD "))
    with pytest.raises(IndeterminateError, match="nothing shows whose fault that is"):
        toy.build(flavours=STOCK)


def test_the_recorder_is_in_no_record_of_kbuild(toy: Toy) -> None:
    toy.build(flavours=STOCK)
    record = (toy.place / "obj" / "mm" / ".memory.o.cmd").read_text()
    assert "/sh-" not in record
    assert [*toy.place.glob("sh-*")], "the recorder itself is there"


def test_what_a_make_hands_down_arrives(tmp_path: Path) -> None:
    """2.6.21 has CPPFLAGS_vmlinux.lds in its environment, a name that dash does not hand on."""
    (tmp_path / "Makefile").write_text(
        "export FLAGS_a.lds += -U$(ARCH)\nall:\n\t@$(MAKE) --no-print-directory -f below\n"
    )
    (tmp_path / "below").write_text("all:\n\t@echo '$(FLAGS_a.lds)'\n\tnonsuch --twice  a=b\n")
    with recording(tmp_path) as recorder:
        assert recorder
        done = subprocess.run(
            ["make", "ARCH=i386", f"SHELL={recorder.shell}"],
            cwd=tmp_path, pass_fds=(recorder.fd,), text=True, capture_output=True, check=False,
            env={**os.environ, VARIABLE: str(recorder.fd)},
        )  # fmt: skip
        first, *_ = recorder.failed()
    assert done.stdout.splitlines()[0] == "-Ui386"
    assert (first.status, first.text) == (127, "nonsuch --twice  a=b")
    assert "nonsuch: not found" in done.stderr
