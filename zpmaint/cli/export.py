# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint export`: the forms that distributions take."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from zpmaint.cli import options, writable
from zpmaint.cli.context import CommandContext, pass_context

F = TypeVar("F", bound=Callable[..., Any])

_HELP = {
    "quilt": "A folder with the patches and the file `series`.",
    "mbox": "One file that git am takes.",
    "tar": "An archive of the quilt folder: OUT ends in .tar, .tar.gz or .tar.xz.",
    "openwrt": "A folder with pending-X.Y/NNN-*.patch, for target/linux/generic.",
    "nix": "A folder with default.nix, a list for boot.kernelPatches.",
    "pkgbuild": "A folder with PKGBUILD.patches, for source and sha256sums of a PKGBUILD.",
}


def _forms(function: F) -> F:
    for name, text in reversed(_HELP.items()):
        function = click.option(f"--{name}", type=writable.EITHER, metavar="OUT", help=text)(
            function
        )
    return function


@click.command()
@click.argument("what", metavar="VERSION|NAME")
@_forms
@options.patch
@options.source
@options.as_json
@pass_context
def command(
    context: CommandContext,
    /,
    *,
    what: str,
    patch: str | None,
    sources: tuple[str, ...],
    as_json: bool,
    **places: Path | None,
) -> None:
    """Write the patches as ported to VERSION, or those of the patch set NAME as they are kept.

    Each form is written whole, read back and compared, and never over what is there. A set with
    several anchors is exported as its newest one. Exit status 1 where the port is a conflict, or
    the kernel has all of it.

    \b
    Examples:
      zpmaint export 6.12.107 --tar mine-6.12.107.tar.xz
      zpmaint export 7.2.8 --patch mine --quilt out/ --mbox out.mbox
    """
    from zpmaint.app.compile import compiled_port  # noqa: PLC0415
    from zpmaint.app.export import export, of_port, of_set  # noqa: PLC0415
    from zpmaint.app.export_forms import FORMS  # noqa: PLC0415
    from zpmaint.app.job import Job  # noqa: PLC0415
    from zpmaint.cli.kernel_asked import kernel_to_fetch  # noqa: PLC0415

    wanted = [(form, place) for form in FORMS if (place := places[form.name])]
    if not wanted:
        raise click.UsageError(f"name a form: {', '.join(f'--{name} OUT' for name in _HELP)}")
    session = context.session
    if (session.places.project / "patches" / what / "patch.toml").is_file():
        found = session.patchset(what)
        queue = of_set(found, found.anchors[-1])
    else:
        job = Job.take(session, kernel_to_fetch(what), patch, sources)
        port = compiled_port(session, job.patchset, job.chain, job.port(), asked=None)
        queue = of_port(job.patchset, port, job.command("explain"))
    made = {form.name: export(queue, form, place) for form, place in wanted}
    if as_json:
        context.json(
            {
                "patchset": queue.name,
                "version": str(queue.version),
                "patches": [one.name for one in queue.patches],
                "written": made,
            }
        )
        return
    count = len(queue.patches)
    context.out.print(
        f"{queue.name} for {queue.version}: {count} patch{'es' if count > 1 else ''}", markup=False
    )
    for name, place in made.items():
        context.out.print(f"written: {place} ({name})", markup=False, soft_wrap=True)
