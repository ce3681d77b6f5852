# SPDX-License-Identifier: GPL-2.0-only
"""The service of a project: one for each home, its parts put together."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from zpmaint import __version__
from zpmaint.core.config import Config
from zpmaint.core.locks import hold
from zpmaint.core.places import CONFIG_NAME, CONFIG_PLACE, Places, project_id
from zpmaint.core.progress import Reporter
from zpmaint.core.service_table import place_of
from zpmaint.core.source_kinds import AGE_NAME
from zpmaint.service.child import Child, command_line
from zpmaint.service.health import as_json, troubles
from zpmaint.service.http.answer import Answer, made
from zpmaint.service.http.files import Files
from zpmaint.service.http.server import Server
from zpmaint.service.jobs import Job, jobs_of
from zpmaint.service.loop import Loop, Means
from zpmaint.service.memory import Memory
from zpmaint.service.metrics import KIND, metrics
from zpmaint.service.settings import Settings
from zpmaint.service.shown import shown_json

_LISTS_AGE = 3600.0
"""Seconds: no list is taken for one of now that is older."""


def serve(
    places: Places,
    read: Callable[[Path], Config],
    say: Callable[[str], None],
    reporter: Reporter,
    listen: str = "",
) -> None:
    """Serve until SIGTERM or SIGINT. `read` gives a whole kernels.toml, checked; `say` takes the
    lines of the log; `listen` stands over what kernels.toml says.

    Raises InfraError where another service has this home, or nothing can be listened on or kept;
    UserError where kernels.toml has faults and no earlier one is kept."""
    own = places.state / "service" / project_id(places.project)
    home = places.state / "service"
    with hold(home / "lock", f"the service of {places.state}", reporter, timeout=0.0):
        settings = Settings(places.project / CONFIG_NAME, own / CONFIG_NAME, read)
        if settings.error:
            say(f"{settings.error}; the one that was followed before is")
        site = site_of(places, settings.config)

        def jobs() -> tuple[Job, ...]:
            return jobs_of(settings.config.service, {"site": str(site)})

        def start(job: Job) -> Child:
            words = command_line(str(places.project), job.command)
            return Child(job.name, words, environment_of(settings))

        loop = Loop(settings, Memory(own / "jobs.json", reporter), Means(start, jobs, say))

        def health() -> Answer:
            pulse, now = loop.pulse(), time.time()
            status = 503 if troubles(pulse, now) else 200
            return made(shown_json(as_json(pulse, now)), "application/json", status=status)

        def numbers() -> Answer:
            text = metrics(
                loop.pulse(),
                time.time(),
                version=__version__,
                answered=dict(server.answered),
                connections=server.connections,
            )
            return made(text.encode(), KIND)

        place = place_of(listen or settings.config.service.listen)
        server = Server(place, Files(site), {"/health": health, "/metrics": numbers})
        try:
            host, port = server.place
            shown = f"[{host}]" if ":" in host else host
            server.start()
            say(f"process {os.getpid()} serves {site} at http://{shown}:{port}/")
            loop.run()
        finally:
            server.close()
        say("stopped")


def environment_of(settings: Settings) -> dict[str, str]:
    """What commands are told beside their words: which kernels.toml is followed, and that a look
    for new kernels is one, however short ago the last one was."""
    age = min(settings.config.service.track * 0.9, _LISTS_AGE)
    return {
        CONFIG_PLACE: str(settings.kept),
        AGE_NAME: f"{age:g}",
        "PYTHONUNBUFFERED": "1",
    }


def site_of(places: Places, config: Config) -> Path:
    """The folder of the pages."""
    if config.service.site:
        return places.project / config.service.site
    return places.state / "service" / project_id(places.project) / "site"
