# SPDX-License-Identifier: GPL-2.0-only
"""What both sides changed, settled by a rule; and the names that a file's other lines teach."""

from __future__ import annotations

from port_fixtures import carry, outcome, placed

from zpmaint.port.values import State

BODY = "int f(struct dev *dev)\n{{\n\tstart(dev);\n{}\tend(dev);\n\treturn 0;\n}}\n"


def function(lines: str) -> str:
    return BODY.format(lines)


REWRAPPED = (
    function("\tif (late(dev->now, dev->then + 1) &&\n\t    !dev->busy) {\n\t\twake(dev);\n\t}\n"),
    function(
        "\tif (late(dev->now,\n\t\t dev->then + 1)\n\t\t&& !dev->busy) {\n\t\twake(dev);\n\t}\n"
    ),
)


def test_a_word_of_a_statement_that_is_wrapped_otherwise() -> None:
    base, target = REWRAPPED
    patched = base.replace("then + 1", "then - 1")
    ported = carry(base, patched, target)
    assert outcome(ported) == target.replace("then + 1", "then - 1")
    assert placed(ported) == ["settled"] and ported.confidence <= 0.7


def test_a_block_that_the_patch_rewrites_and_the_target_spells_otherwise_is_a_conflict() -> None:
    old = (
        "\tret = request(dev->irq, handler,\n\t\t      0, dev->name, dev);\n"
        "\tif (ret)\n\t\tuse(dev);\n"
    )
    new = "\tret = threaded(dev);\n\tif (ret < 0)\n\t\treturn ret;\n\tuse_all(dev);\n"
    base, patched = function(old), function(new)
    target = base.replace("0, dev->name, dev)", "1, dev->name, dev)")
    assert carry(base, patched, target).state is State.CONFLICT


def test_a_condition_that_goes_however_the_target_spells_it() -> None:
    base = function("\tif (real(dev) || !is_protected(dev->cpu)) {\n\t\tfault(dev);\n\t}\n")
    patched = function("\tif (real(dev)) {\n\t\tfault(dev);\n\t}\n")
    target = base.replace("!is_protected(dev->cpu)", "!(dev->cpu->flags & PROTECTED)")
    ported = carry(base, patched, target)
    assert outcome(ported) == patched
    assert placed(ported) == ["settled"] and ported.confidence <= 0.7


def test_what_upstream_added_beside_a_block_that_goes() -> None:
    base = function("\tfirst(dev);\n\n\tsecond(dev);\n\n\tthird(dev);\n")
    patched = base.replace("\tsecond(dev);\n", "")
    target = base.replace("\tsecond(dev);\n", "\tsecond(dev);\n\n\tbrought(dev);\n")
    ported = carry(base, patched, target)
    assert outcome(ported) == target.replace("\tsecond(dev);\n", "", 1)


TABLE = "static int table[] = {{\n{}\t{{}}\n}};\n"


def rows(*names: str) -> str:
    return TABLE.format("".join(f"\tROW({name}, one, two),\n" for name in names))


def test_a_row_of_which_all_neighbours_are_gone() -> None:
    base = rows("first", "second", "third", "fourth")
    patched = rows("first", "second", "fresh", "third", "fourth")
    ported = carry(base, patched, rows("first"))
    assert outcome(ported) == rows("first", "fresh")
    assert placed(ported) == ["settled"] and ported.confidence <= 0.7


def test_where_the_target_has_others_instead_their_order_is_not_guessed() -> None:
    base = rows("first", "second", "third", "fourth")
    patched = rows("first", "second", "fresh", "third", "fourth")
    target = rows("first", "second").replace("\tROW(second, one, two),\n", "\tHOOK_ALL\n\tLAST\n")
    assert carry(base, patched, target).state is State.CONFLICT


def quirks(name: str, *ids: str) -> str:
    return "".join(f"ENTRY({n}, 0x{n},\n\t{name}, NULL,\n\tFLAG_{n}),\n\n" for n in ids)


def test_a_new_row_speaks_as_the_others_do() -> None:
    base = quirks("NEW_CLASS", "1", "2", "3", "4", "5")
    patched = base.replace("ENTRY(3,", quirks("NEW_CLASS", "9") + "ENTRY(3,")
    target = quirks("OLD_CLASS", "1", "2", "3", "4", "5")
    ported = carry(base, patched, target)
    assert outcome(ported) == target.replace("ENTRY(3,", quirks("OLD_CLASS", "9") + "ENTRY(3,")
    assert placed(ported) == ["identifiers"] and ported.confidence <= 0.8


def test_names_that_the_rows_do_not_agree_on_are_not_learned() -> None:
    base = quirks("NEW_CLASS", "1", "2", "3", "4", "5")
    patched = base.replace("ENTRY(3,", quirks("NEW_CLASS", "9") + "ENTRY(3,")
    mixed = quirks("OLD_CLASS", "1", "2", "3") + quirks("ELDER_CLASS", "4", "5")
    assert carry(base, patched, mixed).state is State.CONFLICT


def test_a_parameter_that_has_another_name_may_mean_something_else() -> None:
    calls = "\tone(usage);\n\ttwo(usage);\n\tthree(0);\n"
    base = f"int f(int usage)\n{{\n{calls}\treturn 0;\n}}\n"
    patched = base.replace("three(0)", "three(usage == 4)")
    target = base.replace("usage", "cache").replace("\tthree(0)", "\tdrop(cache);\n\tthree(0)")
    ported = carry(base, patched, target)
    assert ported.state is State.CONFLICT or "cache == 4" in outcome(ported)


HEAD = "static struct page *get(struct bprm *bprm,\n\t\tint write)\n{\n\tstruct page *page;\n\n"


def test_what_a_functions_head_names_is_not_used_there() -> None:
    """The head says `page` as the name of a type; the variable of that name comes later."""
    base = HEAD + "\tpage = look(bprm);\n\treturn page;\n}\n"
    patched = base.replace("static struct", "struct")
    target = base.replace("{\n\tstruct", "{\n\tint b = 7;\n\tstruct")
    want = target.replace("static struct", "struct")
    assert outcome(carry(base, patched, target)) == want


def test_a_member_is_no_variable_of_its_name() -> None:
    base = "static int ioctl(struct tty *tty)\n{\n\tint ret;\n\tunsigned long flags;\n\n"
    base += "\tlock(&ret, flags);\n\tif (tty->flags & 1)\n\t\treturn -1;\n\treturn ret;\n}\n"
    patched = base.replace("\tunsigned long flags;\n", "").replace(
        "lock(&ret, flags)", "lock(&ret)"
    )
    target = base.replace("\treturn ret;", "\tdone(tty);\n\treturn ret;").replace(
        "ioctl", "do_ioctl"
    )
    want = target.replace("\tunsigned long flags;\n", "").replace("lock(&ret, flags)", "lock(&ret)")
    assert outcome(carry(base, patched, target)) == want


def test_an_if_that_the_patch_itself_puts_into_a_table() -> None:
    """Where a hunk has changes in two scopes, too: what no parser reads is the patch's own."""
    table = (
        "const struct ops dir_ops = {\n\t.read = a_read,\n\t.ioctl = a_ioctl,\n\t.open = a_open,\n"
    )
    table += "};\n"
    base = f"static int a_ioctl(int a);\n\n{table}"
    patched = base.replace(
        "static int a_ioctl(int a);", "static long a_late(int a)\n{\n\treturn a;\n}"
    )
    patched = patched.replace(
        "\t.ioctl = a_ioctl,\n",
        "\t.late = a_late,\n#ifdef CONFIG_COMPAT\n\t.compat = a_late,\n#endif\n",
    )
    target = base.replace("\t.open", "\t.mmap = a_mmap,\n\t.open")
    want = patched.replace("\t.open", "\t.mmap = a_mmap,\n\t.open")
    assert outcome(carry(base, patched, target)) == want
