# SPDX-License-Identifier: GPL-2.0-only
"""Every reader of what others wrote, as a function of bytes: fuzzed by ci/fuzz, and run over its
seeds and over what fuzzing found by tests/test_fuzz_targets.py."""
