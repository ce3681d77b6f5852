"""How sure each kind of evidence makes a placement, in one place, and how that was measured."""

ADJACENT = 0.8
EXPORTED = 0.9
"""An EXPORT_SYMBOL() behind the function that it names."""
TWIN = 0.75
"""At most, where a function was known by its body and not by its name."""
APART = 0.6
"""An addition that upstream's own stands an empty line from."""
