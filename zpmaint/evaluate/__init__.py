"""How well ports come out, measured against what maintainers made of the same patches."""
