"""Unified diffs, mails and series: one reader, one writer."""
