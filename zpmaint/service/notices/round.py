# SPDX-License-Identifier: GPL-2.0-only
"""One round: each receiver is told what is news for it, as far as it takes it. Receivers do not
wait for one another."""

from __future__ import annotations

import hashlib
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from zpmaint.core.errors import InfraError, ZpmaintError
from zpmaint.core.progress import SILENT, Reporter
from zpmaint.core.service_table import MailTable, ReceiverTable, WebhookTable
from zpmaint.service.notices import mail, webhook
from zpmaint.service.notices.news import Notice, due, first_baseline
from zpmaint.service.notices.outbox import Outbox, looked_at, opened
from zpmaint.service.notices.secret import secret_of
from zpmaint.service.notices.waits import NONE, TRIES, Answer, Told, is_over, longer

Send = Callable[[Notice], Told]


@dataclass(frozen=True)
class Receiver:
    """One address that is told: a webhook, or one of those of a [[service.mail]]."""

    table: ReceiverTable
    to: str
    folder: str
    """What its outbox is called."""


@dataclass
class Said:
    """What became of one receiver in a round."""

    receiver: Receiver
    taken: list[Notice] = field(default_factory=list)
    waiting: list[Notice] = field(default_factory=list)
    aside: list[Notice] = field(default_factory=list)
    """Those that it would not have, set aside now."""
    failed: str = ""
    """Why it could not be told all, if it was tried."""
    is_first: bool = False
    """Whether it was seen for the first time: what stands on the site is where news begin."""

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.receiver.table.name,
            "to": self.receiver.to,
            "taken": [one.id for one in self.taken],
            "waiting": [one.id for one in self.waiting],
            "refused": [one.id for one in self.aside],
            "why": self.failed,
        }


@dataclass(frozen=True)
class Means:
    """What a round needs of the world."""

    outboxes: Path
    project: str
    base_url: str
    now: float
    within: float = 300.0
    """Seconds that a receiver has for all its notices."""
    chance: Callable[[], float] = random.random
    reporter: Reporter = SILENT


def receivers_of(tables: Sequence[WebhookTable | MailTable]) -> list[Receiver]:
    """Every address that is told. Pure."""
    found: list[Receiver] = []
    for table in tables:
        if isinstance(table, WebhookTable):
            found.append(Receiver(table, table.url, table.name))
        else:
            for to in dict.fromkeys(table.to):
                digest = hashlib.sha256(to.encode()).hexdigest()[:16]
                found.append(Receiver(table, to, f"{table.name}.{digest}"))
    return found


def tell(receivers: Sequence[Receiver], notices: Sequence[Notice], means: Means) -> list[Said]:
    """Tell all of them. What cannot be kept, a secret that is not there, or a receiver that does
    not end in its time is told in `failed` of that one."""
    said = [Said(one) for one in receivers]
    threads = [
        threading.Thread(target=_guarded, args=(one, notices, means), daemon=True) for one in said
    ]
    for thread in threads:
        thread.start()
    until = time.monotonic() + means.within
    for thread, one in zip(threads, said, strict=True):
        thread.join(max(0.0, until - time.monotonic()))
        if thread.is_alive():
            one.failed = f"does not answer; given up after {means.within:g} s"
    return said


def would_tell(
    receivers: Sequence[Receiver], notices: Sequence[Notice], means: Means
) -> list[Said]:
    """What `tell` would hand over now; nothing is sent, and nothing kept."""
    found: list[Said] = []
    for receiver in receivers:
        outbox = looked_at(means.outboxes / receiver.folder, means.reporter)
        one = Said(receiver, is_first=outbox.baseline is None)
        one.waiting = [notice for notice, _ in outbox.waiting()]
        queued = {notice.id for notice in one.waiting}
        one.waiting += [new for new in _new(outbox, receiver, notices, means)
                        if new.id not in queued]  # fmt: skip
        one.failed = outbox.wait.why
        found.append(one)
    return found


def _guarded(said: Said, notices: Sequence[Notice], means: Means) -> None:
    try:
        with opened(means.outboxes / said.receiver.folder, means.reporter) as outbox:
            _tell_one(said, outbox, notices, means)
    except ZpmaintError as error:
        said.failed = str(error)
    except OSError as error:
        said.failed = str(InfraError(f"{error.filename}: {error.strerror}"))


def _tell_one(said: Said, outbox: Outbox, notices: Sequence[Notice], means: Means) -> None:
    table = said.receiver.table
    new = _new(outbox, said.receiver, notices, means)
    if outbox.baseline is None:
        passed = list(notices) if table.since == "now" else []
        outbox.begin(first_baseline(table, notices), passed)
        said.is_first = True
    outbox.put(new)
    waiting = outbox.waiting()
    said.waiting = [one for one, _ in waiting]
    wait = outbox.wait
    if not waiting or not is_over(wait, means.now):
        return
    send = _sender(said.receiver, means)
    for one, tries in waiting:
        told = send(one)
        if told.answer is Answer.TAKEN:
            outbox.taken(one, means.now)
            said.taken.append(one)
        elif told.answer is Answer.LATER:
            said.failed = told.why
            outbox.wait = longer(wait, told, means.now, chance=means.chance())
            break
        elif tries + 1 >= TRIES:
            outbox.set_aside(one, told.why, means.now)
            said.aside.append(one)
            said.failed = told.why
        else:
            outbox.refused(one, tries + 1)
            said.failed = told.why
            continue
        said.waiting.remove(one)
    else:
        # What is refused comes again, not at once.
        told = Told(Answer.REFUSED, said.failed)
        outbox.wait = longer(wait, told, means.now, chance=means.chance()) if said.waiting else NONE


def _new(
    outbox: Outbox, receiver: Receiver, notices: Sequence[Notice], means: Means
) -> list[Notice]:
    """What becomes news for it now, beside what waits already."""
    table = receiver.table
    if table.since != "now":  # what kernels.toml says today, whatever it said at first
        return due(table, notices, outbox.done, first_baseline(table, notices), means.now)
    if outbox.baseline is None:
        return []
    return due(table, notices, outbox.done | outbox.passed, outbox.baseline, means.now)


def _sender(receiver: Receiver, means: Means) -> Send:
    table, secret = receiver.table, secret_of(receiver.table)
    given = {"project": means.project, "base_url": means.base_url}
    if isinstance(table, WebhookTable):
        hook = table
        webhook.key_of(secret, hook.name)  # a wrong one is told before anything is sent
        return lambda one: webhook.send(hook, one, secret, now=means.now, **given)
    assert isinstance(table, MailTable)
    box = table
    return lambda one: mail.hand_over(
        mail.message_of(one, box, receiver.to, now=means.now, **given), box, secret
    )
