"""Porting: from an anchor, the base's blobs and the target's blobs to a Port. No I/O here."""
