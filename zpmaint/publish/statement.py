# SPDX-License-Identifier: GPL-2.0-only
"""What a published patch was made of and what was found of it, for programs: an in-toto statement
with SLSA's predicate of provenance. Pure.

https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md and
https://slsa.dev/spec/v1.0/provenance tell what the keys mean; docs/files.md what stands in them
here. What is not known is left out, and never made up.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from zpmaint.core.provenance import Provenance
from zpmaint.core.shown import json_visible
from zpmaint.ledger.rows import dumped
from zpmaint.ledger.stages import PortRecord, VerdictRecord
from zpmaint.ledger.values import Record
from zpmaint.publish.words import iso

TYPE = "https://in-toto.io/Statement/v1"
PREDICATE = "https://slsa.dev/provenance/v1"
BUILD_TYPE = "urn:zpmaint:port:1"
"""What "building" is here: a patch carried onto a kernel, built, booted and judged."""

Descriptor = dict[str, Any]


def statement(record: Record, files: Mapping[str, str]) -> bytes:
    """The statement on `files` (name to SHA-256), of the verification that they came out of."""
    port = record.port or PortRecord()
    document = {
        "_type": TYPE,
        "subject": [{"name": name, "digest": {"sha256": sum_}} for name, sum_ in files.items()],
        "predicateType": PREDICATE,
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": {
                    "patchset": record.patchset,
                    "version": record.version,
                    "arch": record.arch,
                    **({"profile": record.profile} if record.profile else {}),
                },
                "internalParameters": {
                    "anchor": port.anchor,
                    "state": port.state,
                    "confidence": port.confidence,
                    "inputs": record.inputs,
                },
                "resolvedDependencies": _materials(port, record.version),
            },
            "runDetails": {
                "builder": _builder(port),
                "metadata": {
                    "invocationId": record.key,
                    "startedOn": iso(record.started),
                    "finishedOn": iso(record.finished),
                },
                "byproducts": [_verdict(record)],
            },
        },
    }
    text = json.dumps(document, indent=1, sort_keys=False, ensure_ascii=True, allow_nan=False)
    return json_visible(text).encode("utf-8", "replace") + b"\n"


def verdict_digest(verdict: VerdictRecord) -> str:
    """SHA-256 of the verdict as `zpmaint show --json` has it, keys in order and no blanks."""
    return hashlib.sha256(dumped(verdict.as_json()).encode()).hexdigest()


def _materials(port: PortRecord, version: str) -> list[Descriptor]:
    anchor: Descriptor = {"name": f"anchor {port.anchor}"}
    if port.anchor_sha256:
        anchor["digest"] = {"sha256": port.anchor_sha256}
    else:
        # A descriptor needs a digest or an address: older records have no digest of it.
        anchor["uri"] = f"urn:zpmaint:anchor:{port.patchset}:{port.anchor}"
    blobs = [
        {"name": blob.path, "digest": {"gitBlob": blob.git, "sha256": blob.sha256}}
        for blob in port.blobs
    ]
    return [anchor, *blobs, *([_kernel(port.provenance, version)] if port.provenance else [])]


def _kernel(found: Provenance, version: str) -> Descriptor:
    """The kernel's source as a whole, and who vouches for it."""
    kernel: Descriptor = {"name": f"linux {version}", "annotations": {
        "source": found.source,
        "verified": found.is_verified,
        "words": found.words,
        "signatures": [
            {"document": p.document, "fingerprint": p.fingerprint, "whose": p.whose,
             "signed": iso(p.signed)}
            for p in found.proofs
        ],
    }}  # fmt: skip
    kind, _, digest = found.digest.partition(":")
    if digest:
        kernel["digest"] = {"gitCommit" if kind == "git" else kind: digest}
    else:
        kernel["uri"] = f"urn:zpmaint:source:{found.source or 'unknown'}"
    return kernel


def _builder(port: PortRecord) -> Descriptor:
    said = dict(
        part.split(" ", 1) for part in port.engine.split(", ") if " " in part
    )  # "zpmaint 0.1.0, code 1f2e..."
    return {"id": "urn:zpmaint:engine"} | ({"version": said} if said else {})


def _verdict(record: Record) -> Descriptor:
    verdict: Descriptor = {
        "name": "verdict",
        "mediaType": "application/json",
        "annotations": {"result": str(record.result), "why": record.why},
    }
    if record.verdict is None:
        return verdict | {"uri": f"urn:zpmaint:verdict:{record.key}"}
    cases = [result.mark for case in record.verdict.cases for result in case.results.values()]
    verdict["digest"] = {"sha256": verdict_digest(record.verdict)}
    verdict["annotations"]["cases"] = {mark: cases.count(mark) for mark in sorted(set(cases))}
    verdict["annotations"]["shownBy"] = list(record.verdict.shown_by)
    return verdict
