"""The status page: pages, status.json and the patch files, written from the ledger alone."""
