# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint notify`: word of what became otherwise."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import click
from rich.table import Table

from zpmaint.cli import options, tables
from zpmaint.cli.context import CommandContext, pass_context
from zpmaint.core import errors
from zpmaint.core.errors import UserError
from zpmaint.core.shown import visible
from zpmaint.service.notices.news import Notice, notices_of
from zpmaint.service.notices.round import Means, Receiver, Said, receivers_of, tell, would_tell
from zpmaint.service.published import STATUS, Count, counted, status_of
from zpmaint.service.serve import site_of


@click.command()
@click.option(
    "--site", type=click.Path(path_type=Path, file_okay=False),
    help="The published site whose news are told; default: the service's.",
)  # fmt: skip
@click.option(
    "--receiver", "names", multiple=True, metavar="NAME", help="Only this one; repeatable."
)
@click.option(
    "-n", "--dry-run", is_flag=True, help="Show what would be told; tell and keep nothing."
)
@options.as_json
@pass_context
def command(
    context: CommandContext,
    *,
    site: Path | None,
    names: tuple[str, ...],
    dry_run: bool,
    as_json: bool,
) -> int:
    """Tell the receivers of kernels.toml ([[service.webhook]], [[service.mail]]) what became
    otherwise: a kernel that turned red or green, a new one without a verdict, nobody who looks.

    Each piece of news is told once. What a receiver does not take is kept and told later, after
    waits that grow: exit status 3. `zpmaint serve` runs this after each publishing.

    \b
    Examples:
      zpmaint notify --dry-run
      zpmaint publish --out site/ && zpmaint notify --site site/
    """
    session = context.session
    service = session.config.service
    receivers = _chosen(receivers_of(service.receivers), names)
    folder = site or site_of(session.places, session.config)
    notices: list[Notice] = []
    kernels: list[Count] = []
    try:
        if receivers or (folder / STATUS).is_file():
            status = status_of(folder)
            notices, kernels = notices_of(status), counted(status)
    except FileNotFoundError:
        raise UserError(
            f"{folder / STATUS}: no such file", f"publish first: zpmaint publish --out {folder}"
        ) from None
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{folder / STATUS}: {error}", "publish it again with this zpmaint"
        ) from None
    means = Means(
        outboxes=session.places.state / "notices" / session.project,
        project=session.project,
        base_url=service.base_url,
        now=time.time(),
        reporter=session.reporter,
    )
    said = (would_tell if dry_run else tell)(receivers, notices, means)
    if as_json:
        waiting = sum(len(one.waiting) for one in said)
        context.json(
            {
                "waiting": waiting,
                "receivers": [one.as_json() for one in said],
                "kernels": [one.as_json() for one in kernels],
            }
        )
    else:
        _show(context, said, is_dry=dry_run)
    for one in said:
        if one.failed and not dry_run:
            name = one.receiver.table.name
            context.err.print(visible(f"{name}: {one.receiver.to}: {one.failed}"), markup=False)
    failed = not dry_run and any(one.failed for one in said)
    return errors.EXIT_INFRA if failed else errors.EXIT_OK


def _chosen(receivers: Sequence[Receiver], names: Sequence[str]) -> list[Receiver]:
    known = dict.fromkeys(one.table.name for one in receivers)
    for name in names:
        if name not in known:
            raise UserError(
                f"kernels.toml has no receiver {name!r}", f"it has: {', '.join(known) or 'none'}"
            )
    return [one for one in receivers if not names or one.table.name in names]


def _show(context: CommandContext, said: Sequence[Said], *, is_dry: bool) -> None:
    if not said:
        context.out.print("kernels.toml names no receiver: [[service.webhook]], [[service.mail]]",
                          markup=False)  # fmt: skip
        return
    table = Table(box=tables.BOX)
    for title in ("receiver", "", "news"):
        table.add_column(title)
    for one in said:
        name = one.receiver.table.name
        rows = [("told", one.taken), ("would be told" if is_dry else "waits", one.waiting),
                ("set aside", one.aside)]  # fmt: skip
        for word, notices in rows:
            for notice in notices:
                table.add_row(name, word, visible(notice.title))
        if not any(notices for _, notices in rows):
            table.add_row(name, "begins with what comes from now on" if one.is_first
                          else "nothing new", "")  # fmt: skip
    context.out.print(table)
