"""kbuild: a stock and a patched kernel from one tree, nothing built twice."""
