# SPDX-License-Identifier: GPL-2.0-only
"""A kernel as a command's words name it: a version, a series, or what `uname -r` answers.

What was taken for an answer of uname, and why, is said on standard error: it may be the wrong one.
"""

from __future__ import annotations

import click

from zpmaint.app.running_kernel import identified
from zpmaint.core.errors import UserError
from zpmaint.core.kernel_names import Exactness, KernelName, read_name
from zpmaint.core.series import named
from zpmaint.core.shown import visible
from zpmaint.core.versions import KernelVersion


def kernels_asked(text: str) -> tuple[str, ...]:
    """The kernels to look for, the nearest first: versions, or one series as 6.1.y where `text`
    does not tell more. Raises UserError where no kernel can be told from it."""
    if _is_version(text):
        return (text,)
    name = _identified(text)
    if name.likely:
        taken: tuple[KernelVersion, ...] = (name.likely, name.likely.upstream)
    elif name.exactness is Exactness.SERIES_ONLY:
        say_taken(text, f"{name.series}.y", name)
        return (f"{name.series}.y",)
    else:
        taken = name.kernels
    say_taken(text, str(taken[0]), name)
    return tuple(map(str, taken))


def kernel_to_fetch(text: str) -> str:
    """The kernel of kernel.org's to take for `text`, as the sources know it; the series as 6.1.y
    where that is all. Raises UserError."""
    if _is_version(text):
        return text
    name = _identified(text)
    if name.likely is None and name.exactness is Exactness.SERIES_ONLY:
        taken = f"{name.series}.y"
    else:
        taken = str(name.likely.upstream if name.likely else name.base)
    say_taken(text, taken, name)
    return taken


def one_kernel(text: str) -> KernelVersion:
    """The same where it has to be one kernel. Raises UserError where only a series is told."""
    taken = kernel_to_fetch(text)
    if named(taken) and not _is_version(text):
        raise UserError(
            f"{text!r} tells the series {named(taken)} alone", f"name one kernel: {named(taken)}.1"
        )
    return KernelVersion.parse(taken)


def say_taken(text: str, taken: str, name: KernelName) -> None:
    """Tell on standard error which kernel was taken for an answer of uname, and why."""
    whose = f" ({name.distribution})" if name.distribution else ""
    lines = [f"zpmaint: {text!r} is taken for {taken}{whose}: {name.how}"]
    if name.better:
        lines.append(f"  to know better: {name.better}")
    if name.warning:
        lines.append(f"  note: {name.warning}")
    for line in lines:
        click.echo(visible(line), err=True)


def _identified(text: str) -> KernelName:
    if ".." in text:
        raise UserError(
            f"{text!r} is a range of kernels, and one is wanted",
            "name one; `zpmaint sweep --since V --until V` goes over all that are between",
        )
    name = identified(text)
    if name.base is None:
        try:
            KernelVersion.parse(text)
        except UserError as error:
            raise UserError(f"{error.what}; {name.how}", error.hint) from None
        raise UserError(f"{text!r}: {name.how}", f"to know better: {name.better}")
    return name


def _is_version(text: str) -> bool:
    """Whether `text` names a kernel or a series as zpmaint itself writes them. What only looks so
    is not: 6.11.4-301.fc41.aarch64 has the form of Debian's 6.12.107-1."""
    if named(text):
        return True
    try:
        version = KernelVersion.parse(text)
    except UserError:
        return False
    return version.debian is None or read_name(text).distribution == ""
