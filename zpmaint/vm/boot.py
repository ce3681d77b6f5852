# SPDX-License-Identifier: GPL-2.0-only
"""Booting one kernel with one initramfs: from a Kernel to a Run."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event

from zpmaint.build.surroundings import disk_troubles
from zpmaint.build.values import Kernel
from zpmaint.core.errors import InfraError, UserError
from zpmaint.core.progress import SILENT, Reporter
from zpmaint.vm import console as console_lines
from zpmaint.vm import kvm, qemu
from zpmaint.vm.executed import TAKES_LONGER, Watch, listening
from zpmaint.vm.outcome import Ending, classify
from zpmaint.vm.profiles import Accelerator, Machine, Machines, machine_for, packaged
from zpmaint.vm.values import Outcome, Run

_KVM = Path("/dev/kvm")


def boot(
    kernel: Kernel,
    initramfs: bytes | Path,
    *,
    console: Path,
    reporter: Reporter = SILENT,
    deadline: float | None = None,
    accelerator: Accelerator = Accelerator.ICOUNT,
    memory: int | None = None,
    append: Iterable[str] = (),
    cache: Path | None = None,
    stop: Event | None = None,
    machines: Machines | None = None,
    watch: Watch | None = None,
) -> Run:
    """Boot `kernel` with `initramfs` and say how it ended.

    QEMU writes the serial console straight to `console`, which is there, as far as it got, even
    if we are killed. `deadline` is in seconds of QEMU's CPU time, `memory` in MiB; None takes the
    machine profile's. `append` adds words to the kernel's command line. `accelerator` is "auto"
    (TCG counting instructions, repeatable), "tcg" or "kvm"; "kvm" is used only where a probe
    reached init under it, and the probe's answer is kept in `cache` until the host reboots. Another
    thread may set `stop`: the guest is then ended, and its run says nothing of the kernel.
    `machines` are the rows to choose from, the package's if not given. With a `watch` QEMU tells
    which of its code runs, in each case of the suite: that takes it longer, and nothing of what the
    guest does is another for it.

    A guest that fails and a QEMU that does not start are both answers, not errors. Raises
    UserError for an accelerator or image that no machine is for, InfraError where KVM is asked
    for and does not work, or `console` cannot be written.
    """
    table = machines or packaged()
    machine = machine_for(kernel.image_kind, kernel.version, kernel.profile, table, kernel.arch)
    if accelerator is Accelerator.KVM and not table.board_of(kernel.arch).kvm:
        raise UserError(
            f"{kernel.arch} does not run on this machine's CPU",
            "leave --accelerator out: emulation is the default, and repeatable",
        )
    if accelerator is Accelerator.KVM:
        probe = kvm.probe(
            machine.name,
            lambda: _boot(
                kernel,
                kvm.probe_initramfs(kernel.arch),
                machine=machine,
                machines=table,
                console=cache / f"kvm-{machine.name}.console" if cache else Path(os.devnull),
                deadline=kvm.DEADLINE,
                accelerator=Accelerator.KVM,
            ),
            cache,
            reporter,
        )
        if not probe.works:
            raise InfraError(
                f"KVM does not boot a kernel here: {probe.why}",
                "leave --accelerator out: emulation is the default, and repeatable",
            )
    with reporter.step(f"boot {kernel.version} {kernel.arch} {kernel.flavour}") as step:
        run = _boot(
            kernel,
            initramfs,
            machine=machine,
            machines=table,
            console=console,
            deadline=deadline,
            accelerator=accelerator,
            memory=memory,
            append=append,
            stop=stop,
            watch=watch,
        )
        if (name := table.label(machine)) != machine.name:
            step.note(f"on machine {name}")
        if run.outcome is not Outcome.FINISHED:
            step.note(f"{run.outcome}: {run.why}")
    return run


def _boot(
    kernel: Kernel,
    initramfs: bytes | Path,
    *,
    machine: Machine,
    machines: Machines,
    console: Path,
    accelerator: Accelerator,
    deadline: float | None = None,
    memory: int | None = None,
    append: Iterable[str] = (),
    stop: Event | None = None,
    watch: Watch | None = None,
) -> Run:
    append = tuple(append)
    board = machines.board_of(kernel.arch)
    with ExitStack() as stack:
        serial = stack.enter_context(_console(console))
        results = stack.enter_context(_anonymous("results"))
        fds = [serial, results]
        if isinstance(initramfs, bytes):
            fds.append(stack.enter_context(_anonymous("initramfs", initramfs)))
            initrd, shown = f"/dev/fd/{fds[-1]}", "initramfs.cpio"
        else:
            initrd = shown = str(initramfs.absolute())

        told = stack.enter_context(listening(watch, board.sent_bytes)) if watch else None
        if told is not None:
            fds.append(told)

        def command(
            archive: str, serial_out: str, results_out: str, told_out: str
        ) -> tuple[str, ...]:
            return machine.command(
                accelerator,
                image=kernel.image.absolute(),
                initrd=archive,
                console=serial_out,
                results=results_out,
                memory=memory,
                append=append,
                machines=machines,
                more=watch.words(told_out, board.tells) if watch else (),
            )

        patience = TAKES_LONGER if watch else 1
        try:
            ended = qemu.run(
                command(initrd, f"/dev/fd/{serial}", f"/dev/fd/{results}", f"/dev/fd/{told}"),
                fds=fds,
                watched=(serial, results),
                deadline=patience * (machine.deadline if deadline is None else deadline),
                memory=memory or machine.memory,
                devices=(_KVM,) if accelerator is Accelerator.KVM and _KVM.exists() else (),
                stop=stop,
            )
        except InfraError as error:
            ended, outcome, why = None, Outcome.NOT_STARTED, str(error)
        said, result_text = _text(serial), _text(results)
        lines = console_lines.lines(said)
        if ended:
            outcome, why = classify(
                Ending(
                    ended.status,
                    said,
                    result_text,
                    ended.stderr,
                    ended.stopped,
                    ended.limits_met,
                    ends=board.ends,
                    # Counted instructions are the guest's clock then, which stood still as well.
                    stood_still=0.0 if accelerator.is_deterministic else ended.stood_still,
                    disk="; ".join(disk_troubles([console.parent] if console.is_file() else [])),
                )
            )
    return Run(
        outcome=outcome,
        why=why,
        results=result_text,
        console=console,
        complaints=console_lines.complaints(lines),
        parts=console_lines.parts(lines),
        seconds=ended.seconds if ended else 0.0,
        accelerator=str(accelerator),
        deterministic=accelerator.is_deterministic,
        # Pasted, it shows both channels and overwrites nothing that is kept.
        command=command(shown, "/dev/stderr", "/dev/stdout", "executed.log"),
    )


@contextmanager
def _console(path: Path) -> Iterator[int]:
    """Open the console for reading, fresh and empty."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise InfraError(
            f"{path}: cannot keep the console there: {error.strerror}", "check the state folder"
        ) from None
    try:
        yield fd
    finally:
        os.close(fd)


@contextmanager
def _anonymous(name: str, data: bytes = b"") -> Iterator[int]:
    """A file without a name: nothing to clean up, however we end."""
    with open(os.memfd_create(name), "wb+") as out:  # noqa: PTH123
        out.write(data)
        out.flush()
        yield out.fileno()


def _text(fd: int) -> str:
    """What a channel holds; of a flood the beginning and the end."""
    size = os.fstat(fd).st_size
    if size <= 2 * qemu.FLOOD:
        data = os.pread(fd, size, 0)
    else:
        left_out = b"\n[...]\n"
        data = os.pread(fd, qemu.FLOOD, 0) + left_out + os.pread(fd, qemu.FLOOD, size - qemu.FLOOD)
    return data.decode("utf-8", "replace")
