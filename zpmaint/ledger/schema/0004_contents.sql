-- SPDX-License-Identifier: GPL-2.0-only
-- Version 4: a record's row holds what tables of many show and is narrow; its documents are texts
-- beside, each kept once, most of them as what differs from one that is much like it. A record knows
-- which ledger it was first kept in, and as which of its records. zpmaint/ledger/moves.py carries
-- the rows over and drops record_3.
ALTER TABLE record RENAME TO record_3;
DROP INDEX record_by_key;
DROP INDEX record_by_kernel;

CREATE TABLE content (
    id     INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE,  -- the first 16 bytes of the text's SHA-256
    base   INTEGER REFERENCES content (id),  -- the text that it was deflated against, or NULL
    body   BLOB NOT NULL          -- deflated, see zpmaint/ledger/packing.py
) STRICT;

CREATE TABLE record (
    id          INTEGER PRIMARY KEY,
    digest      TEXT NOT NULL UNIQUE,  -- SHA-256 of the content when it was new: kept once
    format      INTEGER NOT NULL,      -- the version of the documents' shape
    project     TEXT NOT NULL,         -- '' in a record from before projects were told apart
    key         TEXT NOT NULL,         -- hash over all inputs
    version     TEXT NOT NULL,
    arch        TEXT NOT NULL,
    patchset    TEXT NOT NULL,
    result      TEXT NOT NULL,
    why         TEXT NOT NULL,
    started     REAL NOT NULL,         -- seconds since the epoch
    finished    REAL NOT NULL,
    origin      TEXT NOT NULL,         -- the ledger that kept it first; '' from before version 4
    number      INTEGER NOT NULL,      -- its place among that ledger's own
    turn        REAL NOT NULL,         -- the order: larger is newer, see zpmaint/ledger/order.py
    port_state  TEXT,                  -- NULL where it was not reached
    port_anchor TEXT,
    passed      INTEGER,               -- results of cases on all kernels; NULL where none was judged
    skipped     INTEGER,
    total       INTEGER,
    seconds     TEXT NOT NULL,         -- a JSON object: wall time by stage
    inputs      INTEGER REFERENCES content (id),  -- a JSON object: by part of the inputs its hash
    port        INTEGER REFERENCES content (id),  -- a JSON object each, NULL where not reached
    build       INTEGER REFERENCES content (id),
    runs        INTEGER REFERENCES content (id),
    verdict     INTEGER REFERENCES content (id)
) STRICT;

CREATE INDEX record_by_key ON record (key, turn);
CREATE INDEX record_by_kernel ON record (version, arch, patchset, turn);
CREATE INDEX record_by_origin ON record (origin, number);
CREATE INDEX record_by_format ON record (format);
CREATE INDEX record_unclaimed ON record (project) WHERE project = '';

CREATE TABLE self (
    origin   TEXT NOT NULL,     -- what records that are kept here first carry
    identity TEXT NOT NULL,     -- the file that has this origin: a copy of it takes another
    number   INTEGER NOT NULL,  -- the last one's
    turn     REAL NOT NULL      -- the newest record's
) STRICT;
