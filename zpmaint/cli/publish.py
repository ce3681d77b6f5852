# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint publish`: the status page."""

from __future__ import annotations

import gc
import os
import time
from contextlib import suppress
from pathlib import Path

import click

from zpmaint.app.benchmarks import judged, recorded
from zpmaint.app.outlook import outlook_of
from zpmaint.app.signing import signer_of
from zpmaint.cli import writable
from zpmaint.cli.context import CommandContext, pass_context
from zpmaint.core import errors
from zpmaint.patchset.load import all_patchsets
from zpmaint.publish.rendering import keep_compiled
from zpmaint.publish.site import Material, publish
from zpmaint.publish.texts import KeptTexts

_NAMED = 3
_VALUES = 200_000


@click.command()
@click.option(
    "--out", type=writable.FOLDER, required=True,
    help="The folder to write; a former status page there is replaced whole.",
)  # fmt: skip
@click.option("--base-url", default="", help="Where the page will stand; for the feed's links.")
@click.option(
    "--sign", metavar="gpg:KEYID|minisign:FILE",
    help="Sign SHA256SUMS with this key of yours. Default: it is not signed, and says so.",
)  # fmt: skip
@pass_context
def command(context: CommandContext, *, out: Path, base_url: str, sign: str | None) -> int:
    """Write the status page, status.json, the feed and the patch files from the ledger.

    What is as it was is left as it is; the new page takes the former one's place in one step, and
    until then that one stands whole.

    SOURCE_DATE_EPOCH, if set, is the time of writing: the same ledger then gives the same bytes.

    \b
    Example:
      zpmaint publish --out site/
      zpmaint publish --out site/ --sign gpg:0123456789ABCDEF0123456789ABCDEF01234567
    """
    # Hundreds of thousands of values are made, hardly any of them in circles: looking for those
    # takes a tenth of the time.
    gc.set_threshold(_VALUES)
    session = context.session
    now = float(os.environ.get("SOURCE_DATE_EPOCH") or time.time())
    with suppress(OSError):  # a cache that cannot be written is none
        compiled = session.places.cache / "templates"
        compiled.mkdir(parents=True, exist_ok=True, mode=0o700)
        if os.access(compiled, os.W_OK):
            keep_compiled(compiled)
    material = Material(
        session.config,
        all_patchsets(session.places.project),
        generated=now,
        base_url=base_url,
        benchmarks=[(record, judged(record)) for record in recorded(session)],
        outlook=outlook_of(session),
        texts=KeptTexts(session.logs, (session.places.state, session.places.cache / "work")),
        signer=signer_of(sign) if sign else None,
    )
    done = publish(session.ledger, material, out, reporter=session.reporter)
    words = [f"{done.pages} files, {len(done.written)} of them new or changed"]
    if done.gone:
        words.append(f"{len(done.gone)} no more there")
    if done.mended:
        # Of all of them the first few: somebody may want to know who did it.
        names = ", ".join(done.mended[:_NAMED])
        more = f" and {len(done.mended) - _NAMED} more" if len(done.mended) > _NAMED else ""
        words.append(f"made anew, as somebody had changed them: {names}{more}")
    words.append(f"the page is {out / 'index.html'}")
    context.out.print("; ".join(words), markup=False)
    return errors.EXIT_OK
