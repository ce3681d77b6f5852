"""The matrix: which kernels are due, in what order, and what is new upstream."""
