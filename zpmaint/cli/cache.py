# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint cache`: what is kept, how large it is and why; room made by worth."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import click
from rich.table import Table

from zpmaint.app.room import Room, disk_free
from zpmaint.cli import options, tables
from zpmaint.cli.commands import SlipGroup
from zpmaint.cli.context import CommandContext, pass_context
from zpmaint.core import errors
from zpmaint.core.amounts import bytes_of, shown
from zpmaint.matrix.room.kinds import declared
from zpmaint.matrix.room.worth import Store, Thing, by_worth

_FEW = 12
"""Things that are listed where not all are asked for."""


class _Amount(click.ParamType[int]):
    """An amount of bytes: '6 GB'."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            return bytes_of(str(value))
        except errors.UserError as error:
            self.fail(str(error), param, ctx)


@click.group("cache", cls=SlipGroup, invoke_without_command=True)
@click.option("--all", "everything", is_flag=True, help="Every thing, not only what goes first.")
@options.as_json
@click.pass_context
@pass_context
def command(
    context: CommandContext, click_context: click.Context, /, *, everything: bool, as_json: bool
) -> int:
    """List what the cache keeps: what goes first when room is needed stands first.

    A thing's worth is what it saves: the seconds that it costs to have it again, by how likely
    somebody wants it, for each gigabyte that it takes. kernels.toml may say what the cache may
    take: [cache] budget = "40 GB". All of it may be deleted at any time, and costs time alone.

    \b
    Examples:
      zpmaint cache
      zpmaint cache --json | jq '.things[] | select(.kind == "tree")'
      zpmaint cache free --to "6 GB"
    """
    if click_context.invoked_subcommand is not None:
        return errors.EXIT_OK
    room = Room(context.session)
    store = room.store()
    ordered = by_worth(store, declared(), time.time())
    free = disk_free(room.cache)
    if as_json:
        context.json(
            {
                "schema": 1,
                "cache": str(room.cache),
                "bytes": store.bytes,
                "budget": room.budget,
                "disk_free": free,
                "things": [_json(store, thing) for thing in ordered],
                "rest": store.rest,
            }
        )
        return errors.EXIT_OK
    context.out.print(_kinds(store))
    listed = ordered if everything else [one for one in ordered if one.kind.is_freed][:_FEW]
    context.out.print(_things(store, listed))
    if more := len(ordered) - len(listed):
        context.out.print(f"{more} more, which go later or stay (--all)")
    budget = f" of {shown(room.budget)}" if room.budget is not None else ""
    context.out.print(
        f"{room.cache}: {shown(store.bytes)}{budget}; {shown(free)} are free on its disk",
        markup=False,
        soft_wrap=True,
    )
    return errors.EXIT_OK


@command.command("free")
@click.option(
    "--to", "size", type=_Amount(), help="What the cache may take then (default: its budget)."
)
@click.option("--dry-run", is_flag=True, help="Say what would go, and free nothing.")
@options.as_json
@pass_context
def free(context: CommandContext, *, size: int | None, dry_run: bool, as_json: bool) -> int:
    """Free what is least worth until the cache takes no more than SIZE.

    What a running process uses stays, and what was found out (ledger, logs, consoles) is not in
    the cache at all. Where not so much can go, as much as can goes, and the exit status is 3.

    \b
    Examples:
      zpmaint cache free --to "6 GB"
      zpmaint cache free --to 500MB --dry-run
    """
    room = Room(context.session)
    aim = room.budget if size is None else size
    if aim is None:
        raise errors.UserError(
            "--to is missing, and kernels.toml has no [cache] budget", 'say --to "6 GB"'
        )
    store = room.store()
    wanted = max(store.bytes - aim, 0)
    failed: Sequence[str] = ()
    if dry_run:
        chosen = room.choose(wanted)
        things, count = chosen.things, chosen.bytes
    else:
        gone = room.free(wanted)
        things, count, failed = gone.things, gone.bytes, gone.failed
    left = store.bytes - count if dry_run else room.store().bytes
    if as_json:
        context.json(
            {
                "schema": 1,
                "freed": [_json(store, thing) for thing in things],
                "bytes": count,
                "left": left,
                "failed": list(failed),
                "dry_run": dry_run,
            }
        )
    else:
        if things:
            context.out.print(_things(store, things))
        said = "would be freed" if dry_run else "freed"
        context.out.print(f"{shown(count)} {said}; the cache takes {shown(left)}"
                          + (" then" if dry_run else ""))  # fmt: skip
    for line in failed:
        context.err.print(line, markup=False, soft_wrap=True)
    return errors.EXIT_OK if left <= aim else errors.EXIT_INFRA


def _kinds(store: Store) -> Table:
    table = Table(box=tables.BOX)
    for title in ("kind", "things", "takes", "why it is kept"):
        table.add_column(title, justify="right" if title in ("things", "takes") else "left")
    kinds = {thing.kind.name: thing.kind for thing in store.things}
    sums = {
        name: sum(store.bytes_of(one) for one in store.things if one.kind.name == name)
        for name in kinds
    }
    for name in sorted(kinds, key=lambda name: -sums[name]):
        count = sum(one.kind.name == name for one in store.things)
        table.add_row(name, str(count), shown(sums[name]), kinds[name].why)
    if store.rest:
        what = "documents and lists of servers, programs of guests, notes: they stay"
        table.add_row("others", "", shown(store.rest), what)
    return table


def _things(store: Store, things: Sequence[Thing]) -> Table:
    table = Table(box=tables.BOX)
    for title in ("goes", "what", "takes", "again", "used", "its kernel is"):
        table.add_column(title, justify="right" if title in ("takes", "again") else "left")
    for place, thing in enumerate(things, start=1):
        goes = "in use" if thing.is_in_use else str(place) if thing.kind.is_freed else "stays"
        table.add_row(
            goes,
            thing.id.replace(":", "  ", 1),
            shown(store.bytes_of(thing)),
            f"{thing.seconds:.0f} s" if thing.kind.is_freed else "",
            datetime.fromtimestamp(thing.used).strftime("%Y-%m-%d") if thing.used else "",
            str(thing.standing) if thing.version else "",
        )
    return table


def _json(store: Store, thing: Thing) -> dict[str, Any]:
    return {
        "kind": thing.kind.name,
        "place": thing.id.partition(":")[2],
        "version": thing.version or None,
        "bytes": store.bytes_of(thing),
        "seconds_again": round(thing.seconds, 1),
        "used": thing.used,
        "kernel_is": str(thing.standing),
        "in_use": thing.is_in_use,
        "freed": thing.kind.is_freed,
        "why": thing.kind.why,
    }
