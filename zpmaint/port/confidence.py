"""How sure each kind of evidence makes a placement, in one place, and how that was measured."""
ADJACENT = 0.8
EXPORTED = 0.9
"""An EXPORT_SYMBOL() behind the function that it names."""
TWIN = 0.75
"""At most, where a function was known by its body and not by its name."""
WORDS = 0.65
"""A line that both sides edited, words that touch but do not overlap."""
REPLACED = 0.6
"""The patch replaces lines that upstream edited."""
