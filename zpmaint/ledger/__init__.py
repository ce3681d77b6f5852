"""The ledger: what was tried, with which inputs, and what came out. SQLite, WAL."""
