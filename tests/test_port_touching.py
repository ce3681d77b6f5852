# SPDX-License-Identifier: GPL-2.0-only
"""Changes that stand right beside upstream's, and places known by more than their neighbours."""

from __future__ import annotations

import pytest
from port_fixtures import carry, outcome, placed

from zpmaint.merge import blockmerge, diff3
from zpmaint.port import climb, confidence
from zpmaint.port.strategies import adjacent
from zpmaint.port.values import State

FILL = "".join(f"	step{n}(dev);\n" for n in range(8))


def function(body: str, name: str = "probe") -> str:
    return f"int {name}(struct device *dev)\n{{\n{FILL}{body}{FILL.replace('step', 'end')}}}\n"


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "merged"),
    [
        ("abc", "aXc", "abYc", "aXYc"),  # the one rewrites b, the other adds behind it
        ("abc", "aXc", "aYbc", "aYXc"),
        ("abcd", "aXcd", "abYd", "aXYd"),  # neighbours, each rewritten by one side
        ("abc", "ac", "abYc", "aYc"),
        ("abc", "aXc", "aXc", "aXc"),  # the same once
        ("abc", "aXc", "aYc", None),  # the same element, otherwise
        ("abc", "abXc", "abYc", None),  # both add at one place: which comes first is a guess
        ("abcd", "aXd", "aYcd", None),
        ("abcd", "ad", "abYcd", None),  # an addition inside what the other deletes
    ],
)
def test_touching(base: str, ours: str, theirs: str, merged: str | None) -> None:
    assert diff3.touching(base, ours, theirs) == (None if merged is None else list(merged))
    assert diff3.touching(base, theirs, ours) == (None if merged is None else list(merged))


def test_upstream_changes_the_line_beside_the_patchs() -> None:
    base = function("	lock(dev);\n	get(dev);\n	put(dev);\n	unlock(dev);\n")
    patched = base.replace("	get(dev);\n", "	if (dev->ready)\n		take(dev, 0);\n")
    target = base.replace("	put(dev);\n", "	drop_all(dev->parent);\n")
    ported = carry(base, patched, target)
    assert ported.state is State.PORTED
    assert outcome(ported) == target.replace(
        "	get(dev);\n", "	if (dev->ready)\n		take(dev, 0);\n"
    )
    assert ported.confidence < 0.95  # no line between the two changes says that they are apart


def test_an_addition_where_upstream_rewrote_the_line_below(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(climb, "LADDER", (adjacent.place,))
    above = "	if (a) {\n		close(dev);\n	}\n\n"
    base = function(above * 2 + "	/* the old way */\n	ret = old_way(dev, 1);\n	if (ret)\n")
    check = "	if (!installed())\n		return -ENODEV;\n\n"
    patched = base.replace("	/* the old", check + "	/* the old")
    new = "	adev = allocate(&dev->parent);\n	use_it(adev);\n	if (ret)\n"
    target = base.replace("	/* the old way */\n	ret = old_way(dev, 1);\n	if (ret)\n", new)
    ported = carry(base, patched, target)
    assert outcome(ported) == target.replace("	adev = ", check + "	adev = ")
    assert placed(ported) == ["adjacent"]


def test_words_that_touch() -> None:
    """Upstream adds an argument before the one that the patch edits."""
    base = function("	handle(ret, chain, &waiter);\n")
    patched = base.replace("&waiter", "waiter")
    target = base.replace("chain, ", "chain, lock, ")
    assert outcome(carry(base, patched, target)) == target.replace("&waiter", "waiter")


def test_a_word_that_one_prefixes_and_the_other_replaces_is_a_conflict() -> None:
    base = ["	link(-T scripts/module.lds -o out);\n"]
    ours = ["	link(-T $(LDS) -o out);\n"]
    theirs = ["	link(-T $(objtree)/scripts/module.lds -o out);\n"]
    assert isinstance(blockmerge.join(base, ours, theirs), blockmerge.Clash)


MESSAGE = 'printk(KERN_ERR "firmware (%s) failed\\n", path);'


def test_a_message_that_goes_goes_as_upstream_prints_it() -> None:
    body = f"	if (err < 0) {{\n		{MESSAGE}\n		return 1;\n	}}\n"
    new = "	if (err)\n		return 1;\n"
    base, patched = function(body), function(new)
    target = base.replace("printk(KERN_ERR ", "dev_err(dev, ")
    ported = carry(base, patched, target)
    assert outcome(ported) == patched
    assert ported.confidence <= 0.6
    assert "as upstream prints it" in ported.files[0].hunks[0].why


def test_another_statement_in_its_stead_does_not_go() -> None:
    body = f"	if (err < 0) {{\n		{MESSAGE}\n		return 1;\n	}}\n"
    base, patched = function(body), function("	if (err)\n		return 1;\n")
    target = base.replace(MESSAGE, "undo_all(dev);")
    assert carry(base, patched, target).state is State.CONFLICT


HEADS = [function("	first(dev);\n", "one"), function("	second(dev);\n", "two")]


def test_an_export_goes_behind_its_function() -> None:
    """Upstream put a function between, whose end looks like the end of the one that is exported."""
    base = "\n".join(HEADS)
    patched = base.replace("}\n\nint two", "}\nEXPORT_SYMBOL_GPL(one);\n\nint two")
    between = "int mid(int a)\n{\n	return a;\n}\n"
    target = "\n".join([HEADS[0].replace("end7", "close"), between, HEADS[1]])
    ported = carry(base, patched, target)
    assert outcome(ported) == target.replace(
        "	close(dev);\n}\n", "	close(dev);\n}\nEXPORT_SYMBOL_GPL(one);\n"
    )
    assert placed(ported) == ["exported"]


def test_an_export_that_upstream_has_or_whose_function_is_gone_is_no_port() -> None:
    base = "\n".join(HEADS)
    patched = base.replace("}\n\nint two", "}\nEXPORT_SYMBOL_GPL(one);\n\nint two")
    has = base.replace(
        "	end7(dev);\n}\n\nint two", "	end8(dev);\n}\nEXPORT_SYMBOL(one);\n\nint two"
    )
    assert carry(base, patched, has).state is not State.PORTED
    gone = "int other(int a)\n{\n	return a;\n}\n\n" + HEADS[1]
    assert carry(base, patched, gone).state is State.CONFLICT


def test_a_wrapper_takes_the_name_over() -> None:
    """What probe() did __probe() does now; probe() only calls it."""
    base = function("	lock(dev);\n	get(dev);\n	unlock(dev);\n")
    patched = base.replace("	get(dev);\n", "	get(dev, 1);\n")
    inner = base.replace("int probe", "static int __probe").replace("	lock(", "	guard(")
    head = "\nint probe(struct device *dev)\n{\n"
    wrapper = f"{head}	if (!dev)\n		return 0;\n	return __probe(dev);\n}}\n"
    ported = carry(base, patched, inner + wrapper)
    assert outcome(ported) == inner.replace("	get(dev);\n", "	get(dev, 1);\n") + wrapper
    assert ported.confidence <= confidence.TWIN
    assert "__probe" in ported.files[0].hunks[0].why


def test_a_function_of_a_known_name_takes_the_lines_over() -> None:
    """do_queue() is merged into its caller queue(), which both kernels have."""
    inner = function("	cpu = get();\n	work(dev);\n", "do_queue")
    caller = "\nvoid queue(struct device *dev)\n{\n	if (dev)\n		do_queue(dev);\n}\n"
    base = inner + caller
    patched = base.replace("	cpu = get();\n", "	cpu = get_light();\n")
    target = inner.replace("int do_queue", "int queue").replace("step0", "begin")
    ported = carry(base, patched, target)
    assert outcome(ported) == target.replace("	cpu = get();\n", "	cpu = get_light();\n")
    assert ported.confidence <= confidence.TWIN


def test_an_addition_at_the_end_of_an_if_stays_under_it() -> None:
    """Upstream added there, too: the line below is no #else any more, the #if is the same."""
    base = "#ifdef CONFIG_X\nint a_call(int a);\nint b_call(int b);\n#else\nint c_call;\n#endif\n"
    patched = base.replace("#else", "int ours(int d);\n#else")
    target = base.replace("#else", "int theirs(int e);\n#else")
    ported = carry(base, patched, target, path="include/linux/toy.h")
    assert ported.state is State.PORTED
    assert outcome(ported) == target.replace("#else", "int ours(int d);\n#else")


def test_additions_an_empty_line_apart_are_a_guess() -> None:
    base = "int one;\n\n/* the end */\nint two;\n"
    patched = base.replace("int one;\n", "int one;\nint ours;\n")
    target = base.replace("/* the end", "int theirs;\n\n/* the end")
    assert carry(base, patched, target, path="kernel/toy.c").confidence <= confidence.APART
