# SPDX-License-Identifier: GPL-2.0-only
"""Inputs of any size that a careless reader takes the square of their size for, or more: each with
the target that reads it."""

from __future__ import annotations

import base64
import bz2
import gzip
import lzma
from collections.abc import Callable

Shape = Callable[[int], bytes]


def over(piece: str, head: str = "", tail: str = "") -> Shape:
    """`piece` again and again, up to the size."""

    def made(size: int) -> bytes:
        times = max(1, (size - len(head) - len(tail)) // len(piece.encode()))
        return (head + piece * times + tail).encode()

    return made


def nested(opens: str, closes: str, head: str = "", share: int = 1) -> Shape:
    """Blocks within one another, as many as have room."""

    def made(size: int) -> bytes:
        times = size // (len(opens) + len(closes)) // share
        return (head + opens * times + closes * times).encode()

    return made


def counted(line: str, head: str = "", tail: str = "") -> Shape:
    """A line for every number from 1."""

    def made(size: int) -> bytes:
        out, room, n = [head], size - len(head) - len(tail), 0
        while room > 0:
            n += 1
            out.append(line.format(n=n))
            room -= len(out[-1])
        return ("".join(out) + tail).encode()

    return made


_HEADER = "--- a/lib/rye.h\n+++ b/lib/rye.h\n"
_FIELDS = "From: a@b\nSubject: [PATCH] x\n"
_PARTS = f'{_FIELDS}Content-Type: multipart/mixed; boundary="b"\n\n'
_ENCODED = "Content-Transfer-Encoding"
_REST = "+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"
_MBOX = "From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001\n"


def one_hunk(size: int) -> bytes:
    lines = size // 8
    return (_HEADER + f"@@ -1,{lines} +1,{lines} @@\n" + "-int a;\n+int b;\n" * lines).encode()[
        : size + 4096
    ]


def parts(size: int) -> bytes:
    """MIME within MIME, a boundary of its own each time."""
    depth = min(1000, size // 120)
    opens = "".join(
        f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(depth)
    )
    closes = "".join(f"\n--b{n}--\n" for n in reversed(range(depth)))
    body = _HEADER + "@@ -1 +1 @@\n-int rye;\n+int x;\n"
    return f"{_FIELDS}MIME-Version: 1.0\n{opens}\n{body}{closes}".encode()


def base64_body(size: int) -> bytes:
    head = f"{_FIELDS}MIME-Version: 1.0\nContent-Transfer-Encoding: base64\n\n"
    return head.encode() + base64.encodebytes(b"+int rye;\n" * (size * 3 // 40))


def zeros(pack: Callable[[bytes], bytes]) -> Shape:
    """A megabyte, packed, that is a gigabyte of nothing once it is unpacked."""
    return lambda size: pack(bytes(min(size, 1 << 20) << 8))


def declared(size: int) -> bytes:
    """git's delta of a few bytes that says it makes gigabytes: copy and copy again."""
    import zlib  # noqa: PLC0415

    def number(value: int) -> bytes:
        out = bytearray()
        while value > 127:
            out.append(value & 127 | 128)
            value >>= 7
        return bytes([*out, value])

    base = 1 << 16
    times = size // 8
    delta = number(base) + number(base * times) + b"\x80" * times
    packed = zlib.compress(delta)
    alphabet = (
        b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~"
    )
    rows = []
    for at in range(0, len(packed), 52):
        piece = packed[at : at + 52]
        mark = bytes([len(piece) + (64 if len(piece) <= 26 else 70)])
        rows.append(mark + base64.b85encode(piece, pad=True).translate(
            bytes.maketrans(
                b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                b"!#$%&()*+-;<=>?@^_`{|}~", alphabet)))  # fmt: skip
    before = b"a" * base
    text = b"GIT binary patch\ndelta %d\n" % len(delta) + b"\n".join(rows) + b"\n\n"
    return before + b"\n\n" + text


def deep_json(size: int) -> bytes:
    return b'{"releases": ' + b"[" * size + b"]" * 0 + b"}"


SHAPES: dict[str, tuple[str, Shape]] = {
    # patches
    "one long hunk": ("diff", one_hunk),
    "hunks": ("diff", counted("@@ -{n} +{n} @@\n-a\n+b\n", _HEADER)),
    "hunks, ported": ("taken-over", counted("@@ -{n} +{n} @@\n-a\n+b\n", _HEADER)),
    "files in a patch": ("diff", counted("--- a/f{n}\n+++ b/f{n}\n@@ -1 +1 @@\n-a\n+b\n")),
    "files, ported": ("taken-over", counted("--- a/f{n}\n+++ b/f{n}\n@@ -1 +1 @@\n-a\n+b\n")),
    "git headers": ("diff", counted("diff --git a/f{n} b/f{n}\nold mode 100644\n")),
    "hunks without lines": ("diff", over("@@ -1,3 +1,3 @@\n", _HEADER)),
    "headers alone": ("diff", over(_HEADER)),
    "a long line": ("diff", over("+", f"{_HEADER}@@ -0,0 +1 @@\n")),
    "no newline marks": ("diff", over("\\ No newline\n", f"{_HEADER}@@ -1 +1 @@\n-a\n+b\n")),
    "blanks": ("diff", over(" ", _HEADER)),
    "tabs at the end of a name": ("diff", over("\t", "--- a/x", f"\n{_REST}")),
    "slashes": ("diff", over("/a", "--- a", f"\n{_REST}")),
    "binary rows": ("diff", over("zcmV" + "a" * 60 + "\n", "GIT binary patch\nliteral 5\n")),
    "a delta that says gigabytes": ("binary", declared),
    "posting, quoted": ("mended", over("> > > a\n")),
    "posting, hunks": ("mended", over("@@ -1,3 +1,3 @@\n", _HEADER)),
    "posting, one hunk": ("mended", one_hunk),
    "posting, blanks": ("mended", over("          \n", f"{_HEADER}@@ -1,9 +1,9 @@\n")),
    "posting, brackets": ("mended", over("<a", "", "\n")),
    "posting, escapes": ("mended", over("=3D", f"{_HEADER}@@ -1 +1 @@\n-", "\n")),
    "posting, words": ("mended", over("int rye; ", f"{_HEADER}@@ -1 +1,2 @@\n-", "\n+x\n")),
    # mails
    "mails": ("mail", over(f"{_MBOX}{_FIELDS}\n\n")),
    "mails of a thread": (
        "mail", counted("From a Mon Sep 17 00:00:00 2001\nFrom: a@b\nMessage-ID: <{n}@x>\n"
                        "Subject: [PATCH {n}/9] x\n\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n\n"),
    ),
    "MIME in MIME": ("mail", parts),
    "MIME parts": ("mail", over("\n--b\n\nx", _PARTS)),
    "fields": ("mail", counted("X-{n}: y\n", "From: a@b\nSubject: x\n")),
    "a folded field": ("mail", over(" x\n", "From: a@b\nSubject: x\n")),
    "encoded words": ("mail", over(" =?utf-8?q?=41?=", "From: a@b\nSubject:", f"\n\n{_HEADER}")),
    "broken encoded words": ("mail", over("=?a?q?", "From: a@b\nSubject: ", f"\n\n{_HEADER}")),
    "brackets in a subject": ("mail", over("[a] ", "From: a@b\nSubject: ", f"\n\n{_HEADER}")),
    "addresses": ("mail", over("a@b, ", "From: ", "\nSubject: x\n\nx\n")),
    "parameters": ("mail", over("; a=b", f"{_FIELDS}Content-Type: text/plain", "\n\nx\n")),
    "From lines": ("mail", over("From \n")),
    "quoted-printable": ("mail", over("=\n", f"{_FIELDS}{_ENCODED}: quoted-printable\n\n")),
    "base64": ("mail", base64_body),
    "base64 lines": ("mail", over("A" * 60 + "\n", "", "!\n")),
    "flowed": ("mail", over("a \n", f"{_FIELDS}Content-Type: text/plain; format=flowed\n\n")),
    "a page": ("mail", over("<p", "<!DOCTYPE html><html><body>")),
    "a page of comments": ("mail", over("<!--", "<!-- x --><html>")),
    "comments before a page": ("mail", over("<!-- -->", "", "<p")),
    "tags": ("mail", over("<div><pre>", "<html><body>")),
    "entities": ("mail", over("&#", "<html><body><pre>@@ -1 +1 @@")),
    "colours": ("mail", over("\x1b[31m", "\x1b[1mdiff x\n")),
    "unfinished colours": ("mail", over("\x1b[3;", "\x1b[1mdiff x\n")),
    "clear signature": ("mail", over("- -\n", "-----BEGIN PGP SIGNED MESSAGE-----\nHash: x\n\n")),
    "gzip of nothing": ("mail", zeros(gzip.compress)),
    "bzip2 of nothing": ("mail", zeros(bz2.compress)),
    "xz of nothing": ("mail", zeros(lzma.compress)),
    # folders
    "a long table": ("series", counted("p{n}.patch\n", "=== series\n")),
    "a table of blanks": ("series", over(" ", "=== series\nx", "#\n")),
    # C
    "nested #if": ("c-source", nested("#if A\n", "#endif\n")),
    "open #if": ("c-source", over("#if A\n")),
    "#elif chain": ("c-source", over("#elif B\n", "#if A\n", "#endif\n")),
    "#if and #else": ("c-source", over("#if A\nint a;\n#else\nint b;\n#endif\n")),
    "comments that do not end": ("c-source", over("/*\n")),
    "a comment and code": ("c-source", over("/*", "int a;\n")),
    "quotes": ("c-source", over('"\n')),
    "calls": ("c-source", over("x(a)")),
    "open calls": ("c-source", over("x(a")),
    "function heads": ("c-source", over("a() {\n")),
    "functions": ("c-source", counted("int f{n}(void)\n{{\n\treturn {n};\n}}\n\n")),
    "braces": ("c-source", nested("{\n", "}\n")),
    "parentheses": ("c-source", nested("(", ")")),
    "one long line of C": ("c-source", over("a = b; ")),
    "words": ("c-source", over("static ")),
    "words and a bracket": ("c-source", over("int ", "", "[")),
    "dimensions": ("c-source", over("[a]", "int x", "\n")),
    "macros": ("c-source", over("#define A(x) \\\n")),
    "attributes": ("c-source", over("__a(", "struct x ", "{\n}\n")),
    "structs": ("c-source", over("struct a {\n\tint b;\n")),
    "pointers": ("c-source", over("( * ", "int ", "= {\n}\n")),
    "labels": ("c-source", over("\ta: b;\n", "int f(void)\n{\n", "}\n")),
    "syscalls": ("c-source", over("SYSCALL_DEFINE1(a", "", ")\n")),
    "closing braces": ("c-source", over("}\n")),
    "NUL bytes": ("c-source", over("\0")),
    # what is no C
    **{
        f"{name}, {what}": ("outlines", lambda size, n=n, made=made: bytes([n]) + made(size))
        for n, name in enumerate(
            ("assembler", "devicetree", "entries", "kconfig", "make", "preprocessed", "prose",
             "script", "text")
        )
        for what, made in {
            "if": over("if A\n"),
            "ifeq": over("ifeq (a,b)\n"),
            "ifeq with a value": over("ifeq ($(a),b)\nx = y\n"),
            "else": over("else ifdef A\n", "ifdef B\n"),
            "menus": over("menu x\n"),
            "#if": over("#if A\n"),
            "rules": over("$(a"),
            "rule and words": over("$(a) ", "x "),
            "exports": over("export "),
            "colons": over("a: "),
            "continued": over("\\\n"),
            "nodes": over("a {\n"),
            "labels": over("a:", "", " {"),
            "names": over("a-", "", "{"),
            "defs": over("def a():\n"),
            "titles": over("===\n"),
            "title and text": over("a\n=\n"),
            "entries": over("A: \n"),
            "blank lines": over("\n"),
            "blanks": over(" "),
            "tabs": over("\ta\n"),
            "starts": over("ENTRY(a)\n"),
            "macros": over(".macro a\n"),
        }.items()
    },
    "Kconfig, if": ("kconfig", over("if A\n")),
    "Kconfig, menus": ("kconfig", over("menu x\ndepends on A\n")),
    "Kconfig, nested if with entries": ("kconfig", over("if A\nconfig B\n\tbool\n")),
    "Kconfig, brackets": ("kconfig", over("(", "config A\n\tdepends on ")),
    "Kconfig, not": ("kconfig", over("!", "config A\n\tdepends on ")),
    "Kconfig, and": ("kconfig", over(" && A", "config A\n\tdepends on A")),
    "Kconfig, depends": ("kconfig", over("\tdepends on A\n", "config A\n")),
    "Kconfig, a file of itself": ("kconfig", over('source "Kconfig"\n')),
    "Kconfig, files of one another": (
        "kconfig", over('source "a"\nsource "b"\n', '=== Kconfig\nsource "a"\n=== a\n'
                        'source "b"\nsource "c"\n=== b\nsource "c"\nsource "c"\n=== c\n'),
    ),
    "Kconfig, macros": ("kconfig", over("$(a", "config A\n\tdepends on ")),
    "Kconfig, quotes": ("kconfig", over("\\", 'config A\n\tdepends on "')),
    "Makefile, ifeq": ("makefile", over("ifeq (a,b)\n")),
    "Makefile, ifdef and rows": ("makefile", over("ifdef CONFIG_A\nobj-y += b.o\n")),
    "Makefile, else": ("makefile", over("else\nobj-y += b.o\n", "ifdef A\n")),
    "Makefile, continued": ("makefile", over("a \\\n", "obj-y += ")),
    "Makefile, prefix": ("makefile", over("$(addprefix a", "obj-y += ")),
    "Makefile, a circle": ("makefile", counted("v{n}-y += rye.o\n")),
    "Makefile, variables of one another": ("makefile", counted("v{n}-y += $(v-y) rye.o v-y.o\n")),
    "Makefile, names": ("makefile", over("a.", "", " b")),
    "records, words": ("build-records", over("a.o ", "cmd_x := ld ", "\n")),
    "records, names": ("build-records", over("a.o", "cmd_x := ld ", "\n")),
    "records, printf": ("build-records", over('printf "a', "cmd_x := ", "\n")),
    "records, quotes": ("build-records", over("'\"", "cmd_x := ", "\n")),
    "markers": ("build-records", counted('# {n} "lib/rye.c"\nint a;\n')),
    "log, errors": ("build-log", over("a.c:1:2: error: x\n")),
    "log, one line": ("build-log", over("a.c:1:2: ")),
    "log, colons": ("build-log", over(":")),
    "log, make": ("build-log", over("make[1]: *** [")),
    "log, blanks": ("build-log", over(" ")),
    "log, in function": ("build-log", over("In function `x': ")),
    "log, warnings": ("build-log", over("[-Wa", "a.c:1:2: warning: ")),
    # guests
    "guest, cases": (
        "guest", counted("# case a{n}\nok {n} a{n} # observed: ok\n", "KTAP version 1\n"),
    ),
    "guest, a case again": (
        "guest", over("# case read.zero\nok 1 read.zero # observed: ok\n", "KTAP version 1\n"),
    ),
    "guest, details": ("guest", over("# read.zero: x\n", "KTAP version 1\n")),
    "guest, one line": ("guest", over("# measured pattern=")),
    "guest, counters": (
        "guest", over(" a=1", "# measured pattern=x pages=1 huge=0 share=1 run=1 pass=r touched=1"),
    ),
    "guest, figures": (
        "guest", counted("# measured pattern=sparse pages={n} huge=0 share=100 run=1 pass=read "
                         "touched=1 tsc=1\n", "KTAP version 1\n"),
    ),
    "guest, bench": ("guest", counted("# bench phase=p{n} counter=c value=1 unit=u\n")),
    "guest, plan": ("guest", over("9", "KTAP version 1\n1..", "\n")),
    "guest, no KTAP": ("guest", over("x\n")),
    "console, complaints": ("guest", over("BUG: x\n", "=== console\n")),
    "console, cases": ("guest", over("zpmaint: case a\nBUG: x\n", "=== console\n")),
    "console, one line": ("guest", over("BUG: ", "=== console\n")),
    "console, stamps": ("guest", over("[    0.0]", "=== console\n")),
    # what is fetched
    "tar, long names": ("tar", over("\0")),
    "releases, nested": ("kernel-org", deep_json),
    "releases": ("kernel-org", counted('{{"version": "6.12.{n}"}},', '{"releases": [', "{}]}")),
    "releases, a number": ("kernel-org", over("9", '{"releases": ', "}")),
    "sums": ("kernel-org", counted("a" * 64 + "  linux-6.12.{n}.tar.xz\n")),
    "Debian, files": (
        "debian-lists", counted(" 0123 12 linux_6.12.{n}.orig.tar.xz\n",
                                "Package: linux\nDirectory: a\nChecksums-Sha256:\n"),
    ),
    "Debian, packages": ("debian-lists", over("Package: linux\n\n")),
    "Debian, fields": ("debian-lists", counted("F{n}: x\n", "Package: linux\n")),
    "apt, options": ("debian-lists", over("[a=b ", "deb ")),
    # what people write
    "TOML, arrays": ("tables", over("[", "a = ")),
    "TOML, inline tables": ("tables", over("{a=", "a = ")),
    "TOML, tables": ("tables", over("a.", "[", "a]\n")),
    "TOML, a key": ("tables", over("a.", "", "a = 1\n")),
    "TOML, rows": ("tables", over("[[kernel]]\nversion = '6.12'\nsources = ['a']\n")),
    "TOML, cases": (
        "tables", counted("[[case]]\nname = 'a.b'\nfile = 'a.c'\nreason = 'x'\ntags = ['{n}']\n"),
    ),
    "TOML, mutants": ("tables", counted("[[mutant]]\nname = 'm{n}'\nkind = 'k'\nwhy = 'x'\n"
                                        "[[mutant.text]]\nfind = 'a'\nreplace = 'b'\n",
                                        "file = 'a'\n[kinds]\nk = 'x'\n")),
    "TOML, a number": ("tables", over("9", "a = ")),
    "TOML, a string": ("tables", over('\\"', 'a = "')),
    "TOML, a version": ("tables", over("9", "[[kernel]]\nversion = '", "'\n")),
    "resolution": ("resolution", over("@@\n-a\n+b\n", "Path: x\n\n")),
    "record, nested": ("record", over("[")),
    "record": ("record", counted('"{n}": "a",', "{", '"a": "b"}')),
    "a version": ("words", over("9", "6.")),
    "version, dots": ("words", over("1.")),
    "version, revision": ("words", over("~1", "6.12-1")),
    "words of a command": ("command-line", over("a\n")),
    "an option": ("command-line", over("=", "verify\n--arch")),
}  # fmt: skip
