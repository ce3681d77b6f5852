# SPDX-License-Identifier: GPL-2.0-only
"""Every form of docs/forms.md, made here and read: what goes in, what is said of the rest."""

from __future__ import annotations

import base64
import bz2
import gzip
import lzma
import quopri
import re
from html import escape
from pathlib import Path

import pytest
from series_fixtures import ported, quilt_folder

from zpmaint.core.errors import UserError
from zpmaint.diffs.series import Series, read_series
from zpmaint.port.values import MemberPort

DOC = Path(__file__).parent.parent / "docs/forms.md"
P = "drivers/net/oat.c"
OLD = """\
#include <linux/oat.h>

/* Count the oats & husks. */
int oat_count(struct oat *o, int husks)
{
\tint n = 0;

\tif (o->grains < 1 && husks > 2)
\t\treturn -EINVAL;
\tn = o->grains;

\treturn n;
}
"""
NEW = OLD.replace("\tn = o->grains;\n", '\tn = o->grains + husks;\n\to->name = "<oat>";\n')
TWO = NEW.replace("int n = 0;", "long n = 0;")
TREE = {P: OLD.encode(), "lib/rye.h": b"int rye;\n"}
BODY = """\
@@ -7,7 +7,8 @@ int oat_count(struct oat *o, int husks)
.
 \tif (o->grains < 1 && husks > 2)
 \t\treturn -EINVAL;
-\tn = o->grains;
+\tn = o->grains + husks;
+\to->name = "<oat>";
.
 \treturn n;
 }
""".replace(".\n", " \n")
SECOND = """\
@@ -3,7 +3,7 @@
 /* Count the oats & husks. */
 int oat_count(struct oat *o, int husks)
 {
-\tint n = 0;
+\tlong n = 0;
.
 \tif (o->grains < 1 && husks > 2)
 \t\treturn -EINVAL;
""".replace(".\n", " \n")


def diff(body: str = BODY, path: str = P) -> str:
    return f"--- a/{path}\n+++ b/{path}\n{body}"


GIT = f"diff --git a/{P} b/{P}\nindex 1111111..2222222 100644\n" + diff()
NEW_FILE = "@@ -0,0 +1,2 @@\n+int emmer;\n+int spelt;\n"
GONE = "@@ -1 +0,0 @@\n-int rye;\n"


def mail(
    body: str = diff(), subject: str = "[PATCH] oat: husks", fields: str = "", ident: str = "1"
) -> str:
    return (
        "From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001\n"
        f"From: O. Miller <o@example.org>\nDate: Thu, 26 Nov 2026 10:00:00 +0000\n"
        f"Message-ID: <{ident}@example.org>\nSubject: {subject}\n{fields}\n"
        f"Husks count, too.\n\nSigned-off-by: O. Miller <o@example.org>\n---\n{body}-- \n2.39\n\n"
    )


def coded(kind: str, text: str) -> str:
    head, _, body = text.partition("\n\n")
    raw = body.encode()
    out = quopri.encodestring(raw) if kind == "quoted-printable" else base64.encodebytes(raw)
    return f"{head}\nContent-Transfer-Encoding: {kind}\n\n{out.decode()}"


def parts(kind: str, *several: tuple[str, str]) -> str:
    head, _, _ = mail().partition("\n\n")
    inside = "".join(f"--=_x\n{fields}\n\n{text}\n" for fields, text in several)
    return (
        f'{head}\nMIME-Version: 1.0\nContent-Type: multipart/{kind}; boundary="=_x"\n\n'
        f"{inside}--=_x--\n"
    )


def flowed(text: str) -> str:
    """As a mailer sends it: stuffed, its longest line broken."""
    head, _, body = text.partition("\n\n")
    lines = [f" {line}" if line.startswith(" ") else line for line in body.split("\n")]
    broken = "\n".join(lines).replace(
        "@@ int oat_count(struct oat *o, int husks)\n",
        "@@ static __always_inline int oat_count(struct oat *o, \nint husks)\n",
    )
    return f"{head}\nContent-Type: text/plain; charset=utf-8; format=flowed\n\n{broken}"


def page(inside: str) -> str:
    return f"<!DOCTYPE html>\n<html><head><title>x</title></head><body>\n{inside}\n</body></html>\n"


def spans(text: str) -> str:
    return "\n".join(
        f'<span class="x">{escape(line)}</span>' if line[:1] in "+-@" else escape(line)
        for line in text.split("\n")
    )


def rows(text: str) -> str:
    return "<table><tr><td>" + "".join(
        f"<div class='ctx'>{escape(line)}</div>" for line in text.split("\n")
    ) + "</td></tr></table>"  # fmt: skip


def coloured(text: str) -> str:
    return "".join(
        f"\x1b[32m{line}\x1b[m\n" if line[:1] in "+-@d" else f"{line}\n"
        for line in text.rstrip("\n").split("\n")
    )


SIGNATURE = "-----BEGIN PGP SIGNATURE-----\n\niQ==\n=abcd\n-----END PGP SIGNATURE-----\n"


def clear(text: str) -> str:
    dashed = re.sub(r"^-", "- -", text, flags=re.M)
    return f"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n{dashed}\n{SIGNATURE}"


CC = f"diff --cc {P}\nindex 1,2..3\n--- a/{P}\n+++ b/{P}\n@@@ -1,2 -1,2 +1,2 @@@\n  a\n--b\n++c\n"
DATED = "--- linux.orig/{0}\t{1}\n+++ linux/{0}\t{2}\n"
DAY, EPOCH = "2026-11-26 10:00:00.000000000 +0100", "1970-01-01 01:00:00.000000000 +0100"
V1, V2 = "[PATCH {}/2] oat", "[PATCH v2 {}/2] oat"
COVER = "From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001\n" + (
    "From: O <o@example.org>\nMessage-ID: <c@example.org>\nSubject: [PATCH 0/2] oat\n\nWords.\n\n"
)
REPLY = (
    "From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001\n"
    "From: R <r@example.org>\nMessage-ID: <r@example.org>\nIn-Reply-To: <1@example.org>\n"
    "Subject: Re: [PATCH 1/2] oat\n\n{}\n\n"
)

BOTH = (mail(subject=V1.format(1)), mail(diff(SECOND), V1.format(2), ident="2"))
NEWER = (mail(subject=V2.format(1), ident="3"), mail(diff(SECOND), V2.format(2), ident="4"))

FILES: dict[str, str | bytes] = {
    "plain diff": diff(),
    "git format-patch": mail(GIT),
    "diff -urN with dates": f"diff -urN x y\n{DATED.format(P, DAY, DAY)}{BODY}",
    "new file by an epoch date": DATED.format("lib/emmer.h", EPOCH, DAY) + NEW_FILE,
    "deleted file by an epoch date": DATED.format("lib/rye.h", DAY, EPOCH) + GONE,
    "svn diff": f"Index: {P}\n{'=' * 67}\n--- {P}\t(revision 1)\n+++ {P}\t(working copy)\n{BODY}",
    "svn diff with properties": f"Index: {P}\n{'=' * 67}\n--- {P}\t(revision 1)\n"
    f"+++ {P}\t(working copy)\n{BODY}\nProperty changes on: {P}\n{'_' * 67}\n"
    "Added: svn:executable\n## -0,0 +1 ##\n+*\n",
    "hg export": f"# HG changeset patch\n# User O <o@example.org>\n# Date 1\noat\n\n"
    f"diff -r 0123456789ab -r ba9876543210 {P}\n--- a/{P}\tThu Nov 26 10:00:00 2026 +0000\n"
    f"+++ b/{P}\tThu Nov 26 10:00:01 2026 +0000\n{BODY}",
    "cvs diff": f"Index: {P}\n{'=' * 67}\nRCS file: /cvs/{P},v\nretrieving revision 1.1\n"
    f"diff -u -r1.1 oat.c\n--- {P}\t26 Nov 2026 10:00:00 -0000\t1.1\n"
    f"+++ {P}\t26 Nov 2026 10:00:01 -0000\n{BODY}",
    "git diff --no-prefix": f"diff --git {P} {P}\nindex 1..2 100644\n--- {P}\n+++ {P}\n{BODY}",
    "diff from two folders above": f"--- work/old/{P}\n+++ work/new/{P}\n{BODY}",
    "gzip": gzip.compress(diff().encode()),
    "xz": lzma.compress(diff().encode()),
    "bzip2": bz2.compress(diff().encode()),
    "UTF-16 with a byte order mark": diff().encode("utf-16"),
    "UTF-16 without one": diff().encode("utf-16-le"),
    "UTF-8 byte order mark": diff().encode("utf-8-sig"),
    "terminal colours": coloured(GIT),
    "CRLF in every line": diff().replace("\n", "\r\n"),
    "page with pre": page(f"<p>words</p><pre>\n{escape(mail(GIT)[78:])}</pre>"),
    "page with coloured spans": page(f"<pre>{spans(diff())}</pre>"),
    "page of rows without pre": page(rows(diff().rstrip("\n"))),
    "clear signature around it": clear(diff()),
    "bare base64": base64.encodebytes(diff().encode()),
    "last newline missing": diff().rstrip("\n"),
    "header counts one line too few": diff().replace("+7,8", "+7,7"),
    "context that lost its blank before a tab": diff().replace(" \tif", "\tif"),
    "last hunk a blank line short": diff(
        "@@ -1,2 +1,2 @@\n-#include <linux/oat.h>\n+#include <x.h>\n"
    ),
    "hunk with lines missing": diff().replace("+\tn = o->grains + husks;\n", ""),
    "lines like a hunk's behind it": diff() + "+\tmore();\n",
    "combined diff": CC,
    "combined diff behind an ordinary one": GIT + CC,
    "context diff": f"*** a/{P}\n--- b/{P}\n***************\n*** 1,2 ****\n",
    "diff without context lines": f"diff a/{P} b/{P}\n10c10\n< \tn = o->grains;\n---\n> \tn = 1;\n",
    "submodule": "diff --git a/lib/x b/lib/x\nnew file mode 160000\nindex 0000000..1111111\n"
    "--- /dev/null\n+++ b/lib/x\n@@ -0,0 +1 @@\n+Subproject commit 1111111\n",
    "binary change without contents": GIT + "Binary files a/lib/x and b/lib/x differ\n",
    "git header whose hunks are lost": GIT + "diff --git a/lib/rye.h b/lib/rye.h\nindex 1..2\n",
    "Only in, as diff -r says": diff() + "Only in linux/lib: emmer.h\n",
    "name out of the tree": diff(path="../oat.c"),
    "nothing but words": "Please apply.\n",
    "mail": mail(),
    "quoted-printable": coded("quoted-printable", mail()),
    "base64": coded("base64", mail()),
    "format=flowed": flowed(mail()),
    "attached patch": parts(
        "mixed",
        ("Content-Type: text/plain", "See the file."),
        ('Content-Type: text/x-patch; name="x.patch"\nContent-Disposition: attachment;\n'
         ' filename="x.patch"\nContent-Transfer-Encoding: base64',
         base64.encodebytes(diff().encode()).decode()),
    ),
    "signed with a part of its own": parts(
        "signed",
        ("Content-Type: text/plain", diff()),
        ("Content-Type: application/pgp-signature", SIGNATURE),
    ),
    "text and HTML": parts(
        "alternative",
        ("Content-Type: text/plain", diff()),
        ("Content-Type: text/html", page(rows(diff()))),
    ),
    "HTML alone": mail().partition("\n\n")[0]
    + f"\nContent-Type: text/html\n\n{page(rows(diff().rstrip(chr(10))))}",
    "encrypted": parts(
        "encrypted", ("Content-Type: application/pgp-encrypted", "Version: 1"),
        ("Content-Type: application/octet-stream", "-----BEGIN PGP MESSAGE-----"),
    ),
    "unknown encoding": mail(fields="Content-Transfer-Encoding: x-none\n"),
    "mbox": "".join(BOTH),
    "mbox with a cover letter": COVER + "".join(BOTH),
    "thread in another order": BOTH[1] + BOTH[0],
    "thread with an older version": "".join((*BOTH, *NEWER)),
    "thread with a newer version that is not whole": "".join((*BOTH, NEWER[1])),
    "thread with a reviewer's diff": BOTH[0] + REPLY.format("Or so?\n\n" + diff()) + BOTH[1],
    "thread with a part missing": COVER + BOTH[0],
    "thread with Reviewed-by": BOTH[0] + REPLY.format("Reviewed-by: R <r@example.org>") + BOTH[1],
}  # fmt: skip

Tables = dict[str, tuple[dict[str, str | bytes], str]]
FOLDERS: Tables = {
    "quilt": ({"1.patch": diff(), "2.patch": diff(SECOND)}, ""),
    "quilt with comments, -p0 and folders": (
        {"a/1.patch": diff().replace("a/d", "d").replace("b/d", "d"), "2.patch": diff(SECOND)},
        "# first\na/1.patch -p0 # why\n\n2.patch\n",
    ),
    "quilt with compressed patches": (
        {"1.patch.gz": gzip.compress(diff().encode()), "2.patch": diff(SECOND)},
        "1.patch.gz\n2.patch\n",
    ),
    "quilt with one unreadable patch": (
        {"0.patch": "words\n", "1.patch": diff(), "2.patch": diff(SECOND)}, "",
    ),
}  # fmt: skip


def made(form: str, folder: Path) -> Path:
    """The form, on the disk."""
    if form in FILES:
        place = folder / "in.patch"
        data = FILES[form]
        place.write_bytes(data if isinstance(data, bytes) else data.encode())
        return place
    if form in FOLDERS:
        return quilt_folder(folder, *FOLDERS[form])
    one, two = diff(), diff(SECOND)
    layouts: dict[str, dict[str, str]] = {
        "series.conf with guards": {
            "x/1.patch": one, "x/2.patch": two, "x/3.patch": one,
            "series.conf": "\tx/1.patch\n+off\tx/3.patch\n-off x/2.patch\n",
        },
        "series.conf with - for off": {
            "x/1.patch": one, "x/2.patch": two, "x/3.patch": one,
            "series.conf": "\tx/1.patch\n-\tx/3.patch\n\tx/2.patch\n",
        },
        "format-patch folder, numbers without zeros": {
            "10-b.patch": mail(two), "9-a.patch": mail(one), "README": "words",
        },
        "OpenWrt's backport, pending, hack": {
            "backport-6.1/100-a.patch": one, "pending-6.1/050-b.patch": two,
            "hack-6.1/001-c.patch": diff("@@ -1 +1 @@\n-int rye;\n+int ryes;\n", "lib/rye.h"),
        },
        "Debian's patches/series": {
            "patches/1.patch": one, "patches/2.patch": two, "patches/series": "1.patch\n2.patch\n",
        },
    }  # fmt: skip
    for name, text in layouts[form].items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def documented() -> list[tuple[str, str, str]]:
    cells = [
        [cell.strip() for cell in line.strip("|\n").split("|")]
        for line in DOC.read_text().split("\n")
        if line.startswith("|")
    ]
    return [(c[0], c[1], c[2].strip("`")) for c in cells if c[1] in ("yes", "no", "apart")]


def told(series: Series, ports: list[MemberPort]) -> str:
    out = [why for _, why in series.left_out]
    return "\n".join(
        [*series.said, *out, *(p.why for p in ports), *(n for p in ports for n in p.notes)]
    )


@pytest.mark.parametrize(("form", "read", "said"), documented())
def test_a_form(form: str, read: str, said: str, tmp_path: Path) -> None:
    try:
        series = read_series(made(form, tmp_path))
        ports = ported(series, TREE, TREE, keep_going=True)
    except UserError as error:
        assert read == "no" and said in str(error)
        return
    assert said in told(series, ports)
    goes = [port.goes_in for port in ports]
    if read == "no":
        assert not all(goes) or series.missing
        return
    assert all(goes) if read == "yes" else any(goes) and not all(goes)
    made_of = {f.path: f.result for port in ports for f in port.files}
    if "epoch" in form:
        assert made_of in ({"lib/emmer.h": b"int emmer;\nint spelt;\n"}, {"lib/rye.h": None})
    elif form != "last hunk a blank line short":
        count = sum(goes)
        wanted = NEW if count == 1 else TWO
        assert made_of[P] == wanted.encode()


def test_every_form_that_is_made_is_documented() -> None:
    names = [form for form, _, _ in documented()]
    assert len(names) == len(set(names))
    assert set(FILES) | set(FOLDERS) <= set(names)
