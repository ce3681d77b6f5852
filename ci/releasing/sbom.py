# SPDX-License-Identifier: GPL-2.0-only
"""The bill of materials of a release: CycloneDX 1.6 as JSON (https://cyclonedx.org/docs/1.6/json/)."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.message import Message
from pathlib import Path
from typing import Any

from releasing.lock import normal
from releasing.source import Source
from releasing.wheels import metadata_of

_REQUIRES = re.compile(r"[A-Za-z0-9._-]+")
_UNKNOWN = "UNKNOWN"


def bill(source: Source, made: Path, wheels: Sequence[Path]) -> dict[str, Any]:
    """The bill of zpmaint's wheel `made`, which runs with `wheels`."""
    own = component_of("application", made)
    own["properties"] = [{"name": "zpmaint:commit", "value": source.commit}]
    found = [(component_of("library", path), metadata_of(path)) for path in wheels]
    refs = {normal(part["name"]): part["bom-ref"] for part, _ in found}
    parts = [(own, metadata_of(made)), *found]
    when = datetime.fromtimestamp(source.epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": uuid.uuid5(uuid.NAMESPACE_URL, f"zpmaint:{source.commit}").urn,
        "version": 1,
        "metadata": {"timestamp": when, "component": own},
        "components": [part for part, _ in found],
        "dependencies": [
            {"ref": part["bom-ref"], "dependsOn": _needs(said, refs)} for part, said in parts
        ],
    }


def component_of(kind: str, packed: Path) -> dict[str, Any]:
    """A wheel as a component: `kind` is "application" or "library"."""
    said = metadata_of(packed)
    name, version = normal(str(said["Name"])), str(said["Version"])
    address = f"pkg:pypi/{name}@{version}"
    return {
        "type": kind,
        "bom-ref": address,
        "name": name,
        "version": version,
        "description": str(said["Summary"] or ""),
        "licenses": _licences(said),
        "purl": address,
        "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(packed.read_bytes()).hexdigest()}],
    }


def _licences(said: Message) -> list[dict[str, Any]]:
    """As the package says it: an SPDX expression, else words of its own."""
    if expression := said["License-Expression"]:
        return [{"expression": str(expression)}]
    classes = [
        str(row).rpartition(" :: ")[2]
        for row in said.get_all("Classifier", [])
        if str(row).startswith("License :: ")
    ]
    words = str(said["License"] or "").strip().partition("\n")[0]
    names = classes or ([words] if words and words != _UNKNOWN else ["not stated"])
    return [{"license": {"name": name}} for name in names]


def _needs(said: Message, refs: Mapping[str, str]) -> list[str]:
    """What it requires without an extra and that is installed with it."""
    found = set()
    for row in said.get_all("Requires-Dist", []):
        text = str(row)
        name = _REQUIRES.match(text)
        if name and "extra ==" not in text and (ref := refs.get(normal(name[0]))):
            found.add(ref)
    return sorted(found)
