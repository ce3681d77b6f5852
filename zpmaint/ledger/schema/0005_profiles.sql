-- SPDX-License-Identifier: GPL-2.0-only
-- Version 5: a record knows the build profile that it was asked for, and under which circumstances
-- it was made. zpmaint/ledger/moves.py fills in the profiles that older records show.
ALTER TABLE record ADD COLUMN profile TEXT NOT NULL DEFAULT '';  -- '': the one that fits the tree
ALTER TABLE record ADD COLUMN circumstances INTEGER REFERENCES content (id);  -- a JSON object
