# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint import` as a user calls it: what fits stays, what does not is mended, all is said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from series_fixtures import call, lay, program
from test_cli import zpmaint
from test_forms import BODY, GIT, NEW, OLD, SECOND, P, diff, mail

from zpmaint.patchset.load import load_patchset

ANN = "Ann Elk <ann.elk@example.org>"
FAIR = "".join(
    f"static int {n}_open(struct stall *s)\n{{\n\tint err;\n\n"
    "\terr = check(s);\n\treturn err;\n}\n\n"
    for n in ("apple", "pear", "plum")
)
TREE = {
    P: OLD.encode(),
    "lib/ann.c": f"/*\n * By {ANN}\n */\nint ann;\nint elk;\n".encode(),
    "fs/fair.c": FAIR.encode(),
    "lib/dos.txt": b"one\r\ntwo\r\nthree\r\n",
    "Makefile": b"VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 0\nEXTRAVERSION =\n",
}


class Desk:
    """A new project beside an unpacked kernel."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        lay(folder / "linux", TREE)
        (folder / "project").mkdir()
        (folder / "project/kernels.toml").write_text('patch = "mine"\n[sources]\n')

    def imported(self, text: str | bytes, name: str = "in.txt") -> tuple[int, str]:
        place = self.folder / name
        place.write_bytes(text if isinstance(text, bytes) else text.encode())
        return self.call(place)

    def call(self, place: Path) -> tuple[int, str]:
        status, out, err = zpmaint(
            "--project", str(self.folder / "project"), "-q", "import", str(place),
            "--base", "6.1", "--source", f"tree:{self.folder / 'linux'}", "--out", str(self.out),
        )  # fmt: skip
        return status, out + err

    @property
    def out(self) -> Path:
        return self.folder / "project/patches/mine"

    @property
    def patch(self) -> str:
        return (self.out / "v6.1.patch").read_text(encoding="utf-8", errors="surrogateescape")

    def after(self, path: str) -> bytes:
        """The file once patch(1) has done what was written."""
        program("patch")
        call("patch", "-p1", "-F0", "-s", "-i", self.out / "v6.1.patch", cwd=self.folder / "linux")
        return (self.folder / "linux" / path).read_bytes()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_patch_that_fits_stays_byte_for_byte(desk: Desk) -> None:
    text = mail(GIT)
    status, said = desk.imported(text)
    assert status == 0, said
    assert desk.patch == text
    assert "mended" not in said
    found = load_patchset(desk.out)
    assert (found.title, found.author) == ("oat: husks", "O. Miller <o@example.org>")
    assert found.intent == "Husks count, too."
    assert str(found.anchors[0].base) == "6.1"


def test_a_damaged_one_keeps_its_head(desk: Desk) -> None:
    status, said = desk.imported(mail(GIT.replace("\t", "        ")))
    assert status == 0, said
    assert "tabs turned to blanks" in said
    assert desk.patch.startswith("From 0123") and "Subject: [PATCH] oat: husks" in desk.patch
    assert desk.after(P) == NEW.encode()


def test_a_patch_toml_that_is_there_is_left_alone(desk: Desk) -> None:
    desk.out.mkdir(parents=True)
    (desk.out / "patch.toml").write_text("# mine\n")
    status, said = desk.imported(mail(GIT))
    assert status == 0 and "add an [[anchor]]" in said
    assert (desk.out / "patch.toml").read_text() == "# mine\n"


def test_twins_are_told_apart_by_the_header(desk: Desk) -> None:
    body = " \terr = check(s);\n-\treturn err;\n+\treturn err ? err : 1;\n }\n"
    for line in (18, 19):
        text = diff(
            f"@@ -{line},3 +{line},3 @@ static int plum_open(struct stall *s)\n{body}", "fs/fair.c"
        )
        status, said = desk.imported(text)
        assert status == 0, said
        assert desk.patch.count("+\treturn err ? err : 1;") == 1


def test_a_thread_becomes_a_folder(desk: Desk) -> None:
    box = mail(subject="[PATCH 1/2] oat: a") + mail(diff(SECOND), "[PATCH 2/2] oat: b", ident="2")
    status, said = desk.imported(box, "x.mbox")
    assert status == 0, said
    names = (desk.out / "v6.1/series").read_text().split()
    assert names == ["0001-oat-a.patch", "0002-oat-b.patch"]
    assert all((desk.out / "v6.1" / name).is_file() for name in names)
    assert 'file = "v6.1"' in (desk.out / "patch.toml").read_text()


# What is done to added lines, and what becomes of it. (patch, what is said, what is in the result)
ADDED = {
    "curly quotes in code": (
        diff().replace('"<oat>"', "\u201c<oat>\u201d"), "typographic character: 2", NEW.encode(),
    ),
    "a dash in code": (
        diff().replace("+ husks", "\u2013 husks"), "typographic",
        NEW.replace("+ husks", "- husks").encode(),
    ),
    "zero width in code": (diff().replace("husks;", "hu\u200bsks;"), "typographic", NEW.encode()),
    "curly quotes in a comment alone": (
        diff().replace('"<oat>";', '"<oat>"; /* don\u2019t */'), "may be damage",
        NEW.replace('"<oat>";', '"<oat>"; /* don\u2019t */').encode(),
    ),
    "a letter that only looks like one": (
        diff().replace("->name", "->n\u0430me"), "U+0430 stands outside",
        NEW.replace("->name", "->n\u0430me").encode(),
    ),
    "a no-break blank in code": (
        diff(SECOND.replace("+\tlong n", "+\tlong \u00a0n")), "typographic",
        OLD.replace("int n", "long  n").encode(),
    ),
    "CR in the body": (
        diff(BODY.replace("\n", "\r\n").replace("husks)\r\n", "husks)\n", 1)),
        "CR at the end of an added line: 2", NEW.encode(),
    ),
    "CR CR LF": (diff().replace("\n", "\r\r\n"), "", NEW.encode()),
    "CR in added lines alone": (
        diff().replace("husks;\n", "husks;\r\n"), "CR at the end of an added line: 1", NEW.encode(),
    ),
    "count of the header": (diff().replace("+7,8", "+7,7"), "header counts", NEW.encode()),
}  # fmt: skip


@pytest.mark.parametrize("kind", ADDED)
def test_the_base_judges_added_lines(kind: str, desk: Desk) -> None:
    text, says, wanted = ADDED[kind]
    status, said = desk.imported(text)
    assert status == 0, said
    assert says in said
    assert desk.after(P) == wanted


HIDDEN = {
    "pipermail": ("ann.elk at example.org", 0),
    "marc": ("ann.elk () example ! org", 0),
    "spinics": ("ann.elk@xxxxxxxxxxx", 0),
    "Google": ("ann.elk@ex...", 0),
    "Cloudflare": ("[email\u00a0protected]", 1),
}


@pytest.mark.parametrize("archive", HIDDEN)
def test_addresses_that_an_archive_hid(archive: str, desk: Desk) -> None:
    hidden, doubts = HIDDEN[archive]
    body = (
        f"@@ -1,5 +1,5 @@\n /*\n  * By Ann Elk <{hidden}>\n  */\n-int ann;\n"
        f"+int ann; /* Ann Elk <{hidden}> */\n int elk;\n"
    )
    status, said = desk.imported(diff(body, "lib/ann.c"))
    assert status == 0, said
    assert ("may hold an address" in said) == bool(doubts)
    if not doubts:
        assert desk.after("lib/ann.c").count(ANN.encode()) == 2


def test_a_file_with_crlf_keeps_it(desk: Desk) -> None:
    body = "@@ -1,3 +1,3 @@\n one\r\n-two\r\n+zwei\r\n three\r\n"
    status, said = desk.imported(diff(body, "lib/dos.txt"))
    assert status == 0, said
    assert desk.after("lib/dos.txt") == b"one\r\nzwei\r\nthree\r\n"


def test_modes_come_along(desk: Desk) -> None:
    new = (
        "diff --git a/lib/t.sh b/lib/t.sh\nnew file mode 100755\nindex 0000000..1111111\n"
        "--- /dev/null\n+++ b/lib/t.sh\n@@ -0,0 +1 @@\n+echo\n"
    )
    assert desk.imported(mail(new))[0] == 0
    assert "new file mode 100755" in desk.patch
    # Mended, too: the other file lost its tabs.
    assert desk.imported(mail(new + GIT.replace("\t", "        ")))[0] == 0
    assert "new file mode 100755" in desk.patch


def _turned() -> str:
    swapped = BODY.replace("\n-", "\n~").replace("\n+", "\n-").replace("\n~", "\n+")
    return swapped.replace("-7,7 +7,8", "-7,8 +7,7")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (diff(_turned()), "reversed"),
        (f"--- b/{P}\n+++ a/{P}\n{_turned()}", "reversed"),
        (GIT + f"diff --cc {P}\n@@@ -1,2 -1,2 +1,2 @@@\n", "combined diff"),
        (diff().replace("+\tn = o->grains + husks;\n", ""), "more than|ends before|missing"),
        (diff(BODY.replace(" \treturn n;", " \treturn m;")), "return m"),
        ("nothing\n", "no unified diff"),
    ],
)
def test_what_is_refused_is_named_and_nothing_is_written(text: str, says: str, desk: Desk) -> None:
    status, said = desk.imported(text)
    assert status == 2
    assert any(word in said for word in says.split("|")), said
    assert not desk.out.exists()


def test_json_lists_what_was_done(desk: Desk) -> None:
    place = desk.folder / "in.patch"
    place.write_text(mail(GIT))
    words = ["import", str(place), "--base", "6.1", "--source", f"tree:{desk.folder / 'linux'}"]
    status, out, err = zpmaint("--project", str(desk.folder / "project"), "-q", *words, "--json")
    assert status == 0, err
    told = json.loads(out)
    assert told["patches"] == [{"name": "in.patch", "mended": False, "notes": []}]
    assert told["patch"] == mail(GIT)


def test_an_example_in_the_message_is_no_diff_for_patch(desk: Desk) -> None:
    example = "\n".join(f"    {line}" for line in diff(SECOND).split("\n"))
    status, said = desk.imported(mail(GIT).replace("Husks count, too.", f"As in:\n\n{example}\n"))
    assert status == 0 and "quoted" in said
    assert desk.after(P) == NEW.encode()
