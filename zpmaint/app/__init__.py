"""The way of a version through the rooms: source, port, pair, run, verdict, ledger."""
