-- SPDX-License-Identifier: GPL-2.0-only
-- Version 1: one row for each verification that ended, never changed afterwards.
CREATE TABLE record (
    id       INTEGER PRIMARY KEY,
    digest   TEXT NOT NULL UNIQUE,  -- SHA-256 of the content: the same record is kept once
    key      TEXT NOT NULL,         -- hash over all inputs
    version  TEXT NOT NULL,
    arch     TEXT NOT NULL,
    patchset TEXT NOT NULL,
    result   TEXT NOT NULL,
    why      TEXT NOT NULL,
    started  REAL NOT NULL,         -- seconds since the epoch
    finished REAL NOT NULL,
    port     TEXT,                  -- a JSON document for each stage, NULL where it was not reached
    build    TEXT,
    runs     TEXT,
    verdict  TEXT,
    seconds  TEXT NOT NULL          -- a JSON object: wall time by stage
) STRICT;

CREATE INDEX record_by_key ON record (key, finished);
CREATE INDEX record_by_kernel ON record (version, arch, patchset, finished);
