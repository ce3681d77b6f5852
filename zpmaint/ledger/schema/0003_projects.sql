-- SPDX-License-Identifier: GPL-2.0-only
-- Version 3: a record knows its project, the format of its documents, its place in the order and
-- what its key is made of; the documents are one deflated text, and what tables of many show stands
-- in columns. `documents`, `field` and `marks` are functions of zpmaint/ledger/rows.py.
ALTER TABLE record RENAME TO record_2;
DROP INDEX record_by_key;
DROP INDEX record_by_kernel;

CREATE TABLE record (
    id          INTEGER PRIMARY KEY,
    digest      TEXT NOT NULL UNIQUE,  -- SHA-256 of the content when it was new: kept once
    format      INTEGER NOT NULL,      -- the version of the documents' shape
    project     TEXT NOT NULL,         -- '' in a record from before projects were told apart
    key         TEXT NOT NULL,         -- hash over all inputs
    inputs      TEXT NOT NULL,         -- a JSON object: by part of the inputs its hash
    version     TEXT NOT NULL,
    arch        TEXT NOT NULL,
    patchset    TEXT NOT NULL,
    result      TEXT NOT NULL,
    why         TEXT NOT NULL,
    started     REAL NOT NULL,         -- seconds since the epoch
    finished    REAL NOT NULL,
    turn        REAL NOT NULL,         -- the order: larger is newer, whatever the clock said
    port_state  TEXT,                  -- NULL where it was not reached
    port_anchor TEXT,
    passed      INTEGER,               -- results of cases on all kernels; NULL where none was judged
    skipped     INTEGER,
    total       INTEGER,
    document    BLOB NOT NULL          -- a JSON object, deflated: port, build, runs, verdict, seconds
) STRICT;

INSERT INTO record
SELECT id, digest, 1, '', key, '{}', version, arch, patchset, result, why, started, finished,
    finished, field(port, 'state'), field(port, 'anchor'),
    marks(verdict, 'pass'), marks(verdict, 'skip'), marks(verdict, ''),
    documents(port, build, runs, verdict, seconds)
FROM record_2;
DROP TABLE record_2;

CREATE INDEX record_by_key ON record (key, turn);
CREATE INDEX record_by_kernel ON record (version, arch, patchset, turn);

ALTER TABLE benchmark ADD COLUMN project TEXT NOT NULL DEFAULT '';
