"""Merging text: alignment, diff3, blocks, renames. Pure; knows no kernel."""
