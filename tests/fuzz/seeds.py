# SPDX-License-Identifier: GPL-2.0-only
"""What fuzzing begins with: small inputs of each reader, made here or kept from a finding."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import tempfile
from pathlib import Path

from zpmaint.core.result import Result
from zpmaint.ledger.store import Ledger
from zpmaint.ledger.values import Record
from zpmaint.sources.name_index import Words

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
FOUND = HERE / "found"
"""Inputs of findings, by target: FOUND/TARGET/NAME."""

_BODY = (
    "--- a/drivers/net/oat.c\n+++ b/drivers/net/oat.c\n"
    "@@ -7,7 +7,8 @@ int oat_count(struct oat *o, int husks)\n \n"
    " \tif (o->grains < 1 && husks > 2)\n \t\treturn -EINVAL;\n-\tn = o->grains;\n"
    '+\tn = o->grains + husks;\n+\to->name = "<oat>";\n \n \treturn n;\n }\n'
)
_GIT = (
    "diff --git a/lib/rye.h b/lib/emmer.h\nsimilarity index 90%\nrename from lib/rye.h\n"
    "rename to lib/emmer.h\nindex 1111111..2222222 100644\n--- a/lib/rye.h\n+++ b/lib/emmer.h\n"
    "@@ -1 +1,2 @@\n-int rye;\n+int emmer;\n+int spelt;\n\\ No newline at end of file\n"
    "diff --git a/lib/new.c b/lib/new.c\nnew file mode 100755\nindex 0000000..3333333\n"
    "--- /dev/null\n+++ b/lib/new.c\n@@ -0,0 +1 @@\n+int x;\n"
    "diff --git a/lib/old.c b/lib/old.c\ndeleted file mode 100644\nindex 3333333..0000000\n"
    "--- a/lib/old.c\n+++ /dev/null\n@@ -1 +0,0 @@\n-int x;\n"
    "diff --git a/x.bin b/x.bin\nindex 4444444..5555555 100644\nGIT binary patch\n"
    "literal 3\nKcmZQzVPs+x0001M\n\nliteral 0\nHcmV?d00001\n\n"
)
_OTHERS = (
    "Index: oat.c\n===================================================================\n"
    "--- oat.c\t(revision 1)\n+++ oat.c\t(working copy)\n@@ -1 +1 @@\n-a\n+b\n"
    "Property changes on: oat.c\nOnly in b: x\n*** a/x\n--- b/x\n***************\n"
    "1c1\n< a\n---\n> b\n"
)
_MAIL = (
    "From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001\n"
    "From: =?utf-8?q?O=2E_Miller?= <o@example.org>\nDate: Thu, 26 Nov 2026 10:00:00 +0000\n"
    "Message-ID: <1@example.org>\nIn-Reply-To: <0@example.org>\n"
    "Subject: [PATCH v2 1/2] oat:\n husks\n\nHusks count.\n\nSigned-off-by: O. Miller <o@e.org>\n"
    f"---\n{_BODY}-- \n2.39\n\n"
)
_MIME = (
    "From: a@b\nSubject: =?unknown-8bit?q?x?=\nMIME-Version: 1.0\n"
    'Content-Type: multipart/mixed; boundary="=_x"\n\n--=_x\n'
    "Content-Type: text/plain; charset=utf-8; format=flowed; delsp=yes\n"
    "Content-Transfer-Encoding: quoted-printable\n\nHusks =3D \n count.\n--=_x\n"
    'Content-Type: text/x-patch; name="x.patch"\nContent-Transfer-Encoding: base64\n\n'
    "LS0tIGEvbGliL3J5ZS5oCisrKyBiL2xpYi9yeWUuaApAQCAtMSArMSBAQAotaW50IHJ5ZTsKK2lu\n"
    "dCBlbW1lcjsK\n--=_x--\n"
)
_PAGE = (
    "<!DOCTYPE html>\n<html><head><title>x</title></head><body><pre>"
    + _BODY.replace("&", "&amp;").replace("<", "&lt;")
    + '</pre><a data-cfemail="42232302">x</a></body></html>\n'
)
_C = """\
#include <linux/oat.h>
#if defined(CONFIG_OAT) && !defined(CONFIG_RYE)
#define OAT(x) \\
\tdo { (x)++; } while (0)
#elif 0
/* a comment
 * of two lines */
static struct oat_ops ops = {
\t.count = oat_count,
};
#else
SYSCALL_DEFINE2(oat, int, husks, long, n)
{
\tint k = 0;

\tif (husks)
\t\tgoto out;
\tswitch (n) {
\tcase 1: k = '"'; break;
\t}
out:
\treturn k;
}
EXPORT_SYMBOL(oat);
#endif
enum grain { OAT_A, OAT_B };
"""
_KCONFIG = """\
=== Kconfig
mainmenu "Oats"
source "lib/Kconfig"
menu "Grain"
\tdepends on X86 && !(RYE || OAT = m)
choice
\tprompt "which"
config OAT
\tbool "oats" if EXPERT
\tdefault y if RYE != "x"
\tselect EMMER if RYE
\thelp
\t  Oats.
endchoice
if OAT
config SPELT
\tdef_tristate m
endif
endmenu
=== lib/Kconfig
config RYE
\tint "rye"
\trange 1 10
\tdepends on OAT
"""
_MAKEFILE = """\
=== lib/Makefile
obj-$(CONFIG_RYE) += rye.o $(addprefix x/,a.o b.o)
rye-objs := emmer.o \\
\tspelt.o
ifeq ($(CONFIG_OAT),y)
obj-y += oat/
else ifdef CONFIG_X
CFLAGS_oat.o := -DX # why
endif
$(obj)/%.o: $(src)/%.c FORCE
\t$(call if_changed,cc)
=== Makefile
obj-y += lib/
"""
_LOG = """\
  CC      mm/memory.o
/k/src/mm/memory.c: In function 'do_anonymous_page':
/k/src/mm/memory.c:4361:9: error: implicit declaration of function 'x' \
[-Werror=implicit-function-declaration]
make[3]: *** [/k/src/scripts/Makefile.build:243: mm/memory.o] Error 1
  LD      vmlinux
ld: mm/memory.o: in function `y': memory.c:(.text+0x1): undefined reference to `z'
make: *** [Makefile:1167: vmlinux] Error 137
Killed
/bin/sh: 1: flex: not found
fatal error: error writing to /tmp/x.s: No space left on device
"""
_GUEST = """\
=== results
KTAP version 1
# kernel 6.12.107 x86_64
1..2
# case read.zero
# read.zero: figure faults 12 pages
ok 1 read.zero # observed: ok
# case read.faults
not ok 2 read.faults # SKIP no such thing
# bench phase=read counter=VmRSS value=12 unit=kB
# measured pattern=sparse pages=256 huge=0 share=100 run=1 pass=read touched=256 tsc=12 ns=4
# unmeasured pattern=sparse pages=256 huge=1 share=100 run=1 why=no huge pages
# unmeasured huge=1 why=none
# problem: x
# done
=== console
<6>[    0.000000] Linux version 6.12.107
[    1.234567][    T1] zpmaint: case read.zero
[    1.300000] BUG: Bad page map in process init
[    1.400000] zpmaint: end of the cases
[    2.000000] Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b
[    2.100000] reboot: Power down
=== stderr
qemu-system-x86_64: terminating on signal 15 from pid 1
"""
_APT = """\
deb [arch=amd64 signed-by=/k.gpg] http://deb.example.org/debian bookworm main
# deb cdrom:[x]/ x y

Types: deb deb-src
URIs: http://deb.example.org/debian
Suites: bookworm bookworm-updates
Signed-By: /k.gpg

Package: linux
Directory: pool/main/l/linux
Checksums-Sha256:
 0123 12 linux_6.12.107.orig.tar.xz
 4567 1 linux_6.12.107-1.dsc
"""
_RELEASES = {
    "latest_stable": {"version": "6.12.107"},
    "releases": [
        {"iseol": False, "version": "6.12.107", "moniker": "longterm",
         "source": "https://k.example.org/linux-6.12.107.tar.xz", "changelog": None,
         "released": {"timestamp": 1, "isodate": "2026-11-20"}},
        {"version": "next-20261120", "moniker": "linux-next"},
    ],
}  # fmt: skip
_SUMS = (
    "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n"
    + "a" * 64 + "  linux-6.12.107.tar.xz\n" + "b" * 64 + " *linux-6.12-tree.tar.xz\n"
)  # fmt: skip
_SET = """\
title = "Oats"
author = "O <o@example.org>"
origin = "https://example.org/"
intent = "Counts husks."
leaves = ["All else."]
[[anchor]]
file = "v6.12.patch"
version = "6.12"
base = "6.12"
why = "the first"
"""
_LIKE = (
    f"=== a/patch.toml\nlike = 'b'\n{_SET}=== a/v6.12.patch\n{_BODY}"
    f"=== b/patch.toml\nlike = 'a'\n{_SET}=== b/v6.12.patch\n{_BODY}"
)


def seeds(target: str) -> list[bytes]:
    """The inputs of a target, those of findings last."""
    own = [one.encode() if isinstance(one, str) else one for one in _MADE.get(target, _none)()]
    kept = sorted((FOUND / target).glob("*"))
    return [*own, *(path.read_bytes() for path in kept)]


def _none() -> list[str | bytes]:
    return [""]


def _tar() -> list[str | bytes]:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as made:
        for name in ("linux/a.c", "linux/" + "x" * 120, "linux/r\xfc\xdfel"):
            info = tarfile.TarInfo(name)
            info.size = 3
            made.addfile(info, io.BytesIO(b"int"))
        link = tarfile.TarInfo("linux/l")
        link.type, link.linkname = tarfile.SYMTYPE, "a.c"
        made.addfile(link)
    return [out.getvalue()[:4096], out.getvalue()]


def _tables() -> list[str | bytes]:
    patterns = ("kernels.toml", "patches/*/*.toml", "zpmaint/**/*.toml")
    files = sorted({path for pattern in patterns for path in ROOT.glob(pattern)})
    return [path.read_bytes()[:6000] for path in files]


def _names() -> list[str | bytes]:
    gathered, out = Words(), io.BytesIO()
    gathered.add("a.c", b"int oat; long rye;")
    gathered.add("b.c", b"oat()")
    gathered.write(out)
    return [out.getvalue()]


def _ledger() -> list[str | bytes]:
    with tempfile.TemporaryDirectory() as top:
        place = Path(top, "ledger.sqlite")
        with Ledger(place) as made:
            made.record(Record("k", "6.12.1", "x86_64", "s", Result.INFRA, "why", 1.0, 2.0))
        return [place.read_bytes()]


def _record() -> list[str | bytes]:
    document = {"port": {"state": "ported", "files": []}, "seconds": {"port": 1.0}}
    return [json.dumps(document), '{"a": "b"}', "[]"]


_PATCHES: list[str | bytes] = [_BODY, _GIT, _OTHERS, _MAIL, _MAIL + _MAIL, _MIME, _PAGE]
_MADE = {
    "diff": lambda: [_BODY, _GIT, _OTHERS, _MAIL],
    "binary": lambda: [
        "abc\n\nGIT binary patch\nliteral 3\nKcmZQzVPs+x0001M\n\n"
        "delta 5\nMcmYdHVPxb100^A3\n\n"
    ],
    "mail": lambda: [*_PATCHES, gzip.compress(_BODY.encode()), "From me\n\nx\n"],
    "series": lambda: [
        f"=== series\n# x\na.patch -p1\n+g b.patch # y\n=== a.patch\n{_BODY}=== b.patch\n{_GIT}",
        f"=== 0001-a.patch\n{_MAIL}=== 0002-b.patch\n{_MAIL}"
        "=== 0000-cover.patch\nSubject: [PATCH 0/2] x\n",
        f"=== series.conf\npatches.x/a\n=== patches.x/a\n{_BODY}",
        f"=== 1/series\na\n=== 1/a\n{_BODY}=== 2/series\nb\n=== 2/b\n{_BODY}",
    ],
    "mended": lambda: [*_PATCHES, _BODY.replace("\t", "    "), "> " + _BODY.replace("\n", "\n> ")],
    "taken-over": lambda: [*_PATCHES, _BODY.replace("\t", " ")],
    "ported": lambda: [
        f"=== patch\n{_BODY}=== base\n{_C}=== target\n{_C}",
        f"=== patch\n{_GIT}=== base\nint rye;\n=== target\nint rye;\nint x;\n",
    ],
    "c-source": lambda: [_C],
    "outlines": lambda: [
        letter + text for letter in "abcdefghi"
        for text in (_C, _KCONFIG, _MAKEFILE, "T: x\n\nOAT\nM: o\n", "/ {\n\tn: a@1 {\n\t};\n};\n")
    ],
    "kconfig": lambda: [_KCONFIG, "A && !(B || C = m)", "CONFIG_A=y\n# CONFIG_B is not set\n"],
    "makefile": lambda: [_MAKEFILE],
    "build-records": lambda: [
        'cmd_lib/rye.o := gcc -Wp,-MD,lib/.rye.o.d -c -o lib/rye.o /k/lib/rye.c ; '
        'printf "lib/%s " a.o | xargs ar x @lib/x.mod\n',
        '# 1 "lib/rye.c"\nint a;\n# 12 "./x.h" 1 3\nint b;\n',
    ],
    "build-log": lambda: [_LOG],
    "guest": lambda: [_GUEST, _GUEST.partition("\n")[2]],
    "tar": _tar,
    "debian-lists": lambda: [_APT],
    "kernel-org": lambda: [json.dumps(_RELEASES), _SUMS],
    "signature": lambda: [
        "[GNUPG:] NEWSIG\n[GNUPG:] GOODSIG 0123 O <o@e.org>\n[GNUPG:] VALIDSIG AB 2026-11-20 "
        "1795608000 0 4 0 1 8 00 AB\n[GNUPG:] KEYEXPIRED 1\n[GNUPG:] EXPKEYSIG 01 x\n",
        "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQINBE==\n=abcd\n-----END PGP-----\n",
    ],
    "names": _names,
    "tables": _tables,
    "patch-sets": lambda: [_LIKE],
    "resolution": lambda: [
        "Path: a.c\nScope: f\nAnchor: v6.12\nSolved-on: 6.12\nBy: O\nDate: x\n"
        "Why: x\nKey: 1\n\n@@\n-a\n+b\n",
        "# required: x\nCONFIG_A=y\n",
    ],
    "ledger": _ledger,
    "record": _record,
    "words": lambda: [
        "6.12.107-1", "v2.6.21-rc3", "next-20261120", "6.12.y", "6.1 6.2", "7.3~rc7-1~exp1",
    ],
    "command-line": lambda: [
        "verify\n6.12.y\n--arch\ni386\n-j\n2",
        "port\nx\n--series\na\n--json", "matrix\nrun\n--help",
        "--project\n/nowhere\nresults\n--since\n6.1", "completion\nbash", "evaluate\nrun",
    ],
}  # fmt: skip
