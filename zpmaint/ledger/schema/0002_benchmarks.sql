-- SPDX-License-Identifier: GPL-2.0-only
-- Version 2: one row for each full benchmark of a pair that came to its end, never changed afterwards.
CREATE TABLE benchmark (
    id          INTEGER PRIMARY KEY,
    digest      TEXT NOT NULL UNIQUE,  -- SHA-256 of the content: the same row is kept once
    key         TEXT NOT NULL,         -- hash over all inputs
    version     TEXT NOT NULL,
    arch        TEXT NOT NULL,
    patchset    TEXT NOT NULL,
    accelerator TEXT NOT NULL,
    asked       TEXT NOT NULL,         -- a JSON object: what was to be measured
    images      TEXT NOT NULL,         -- a JSON object: by kernel the hash of what it was built from
    adopted     INTEGER NOT NULL,      -- whether the stock kernel behaves as the patch wants
    finished    REAL NOT NULL,         -- seconds since the epoch
    said        BLOB NOT NULL          -- a JSON object, deflated: by kernel what its guest said
) STRICT;

CREATE INDEX benchmark_by_key ON benchmark (key, finished);
