"""Patches as their keepers hold them: the set in patches/, its anchors, its intent."""
