# SPDX-License-Identifier: GPL-2.0-only
"""The status page: a folder of plain files, written from the ledger and the declarations alone.

The same input gives the same bytes. Nothing on a page comes from elsewhere; the one script, of the
field that reads a kernel's name, is the site's own, and all is there without it.
`values` has what is shown, `plan` all kinds of pages, each in a module of its own, and `writing`
puts them on the disk.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from zpmaint.core.config import Config
from zpmaint.core.progress import SILENT, Reporter
from zpmaint.core.releases import UNSEEN, Outlook
from zpmaint.core.signer import Signer
from zpmaint.ledger.values import Record
from zpmaint.patchset.values import PatchSet
from zpmaint.publish.bench import Pair
from zpmaint.publish.costs_of_set import SetCosts
from zpmaint.publish.kernel import Kernel, kernels_of
from zpmaint.publish.plan import pages_of
from zpmaint.publish.reading import Remembers, read_kernels
from zpmaint.publish.rows import patchsets_of, rows_of
from zpmaint.publish.texts import NoTexts, Texts
from zpmaint.publish.timelines import timelines_of
from zpmaint.publish.values import Shown, Site
from zpmaint.publish.writing import Written, standing


def publish(
    ledger: Remembers,
    config: Config,
    patchsets: Sequence[PatchSet],
    out: Path,
    *,
    generated: float,
    base_url: str = "",
    benchmarks: Sequence[Pair] = (),
    outlook: Outlook = UNSEEN,
    texts: Texts | None = None,
    signer: Signer | None = None,
    reporter: Reporter = SILENT,
) -> Written:
    """Bring the site at `out` up to date with the ledger: what changed is made and written, and the
    new site takes the former one's place in one step. The rest as `site_of`.

    Raises UserError if `out` is something other than an empty folder or a former site, InfraError
    where the ledger cannot be read or the disk does not take what is written."""
    with standing(out, reporter) as former:
        kernels = read_kernels(ledger, former.known.facts)
        site = site_of(
            kernels,
            config,
            patchsets,
            generated=generated,
            base_url=base_url,
            benchmarks=benchmarks,
            outlook=outlook,
            texts=texts,
            signer=signer,
            lasting=former.lasting,
        )
        return former.write(pages_of(site), kernels)


def site_files(
    records: Iterable[Record],
    config: Config,
    patchsets: Sequence[PatchSet],
    *,
    generated: float,
    base_url: str = "",
    benchmarks: Sequence[Pair] = (),
    outlook: Outlook = UNSEEN,
    texts: Texts | None = None,
    signer: Signer | None = None,
) -> dict[str, bytes]:
    """The site's pages by address, as `publish` writes them, of records that are at hand: the
    whole history in any order."""
    site = site_of(
        kernels_of(records),
        config,
        patchsets,
        generated=generated,
        base_url=base_url,
        benchmarks=benchmarks,
        outlook=outlook,
        texts=texts,
        signer=signer,
    )
    return {page.address: page.make() for page in pages_of(site)}


def site_of(
    kernels: Iterable[Kernel],
    config: Config,
    patchsets: Sequence[PatchSet],
    *,
    generated: float,
    base_url: str = "",
    benchmarks: Sequence[Pair] = (),
    outlook: Outlook = UNSEEN,
    texts: Texts | None = None,
    signer: Signer | None = None,
    lasting: Sequence[str] = (),
) -> Site:
    """What the pages are made of.

    `kernels` is all that was ever tried, in any order; `patchsets` what patches/ says of the sets
    (a set that only the ledger knows is shown without its story); `generated` seconds since the
    epoch; `base_url` where the site will stand, if that is known; `benchmarks` one for each kernel
    that has a full one, oldest kernel first; `outlook` what is remembered of looking for new
    kernels; `texts` where whole logs are read from, `signer` who signs the list of files, if
    anybody does; `lasting` what of the former site is named by its content and stays."""
    kernels = list(kernels)
    infos = {info.name: info for info in patchsets}
    costs = {
        name: SetCosts(infos.get(name), tuple(one for one in kernels if one.name[2] == name))
        for name in patchsets_of(config, kernels)
    }
    timelines = timelines_of(kernels, config, outlook, generated, costs)
    sets = [
        Shown(
            name=name,
            title=infos[name].title if name in infos else name,
            info=infos.get(name),
            rows=tuple(rows_of(config, kernels, name, timelines.get(name, ()))),
            benchmarks=tuple(pair for pair in benchmarks if pair[0].patchset == name),
            timelines=timelines.get(name, ()),
            costs=costs[name],
        )
        for name in costs
    ]
    base = f"{base_url.rstrip('/')}/" if base_url else ""
    return Site(
        config, tuple(sets), generated, base, outlook, texts or NoTexts(), signer, tuple(lasting)
    )
