# SPDX-License-Identifier: GPL-2.0-only
"""A machine to follow the tutorials on: a clone of a toy kernel that real make builds, with the
files of the real kernel that they change; a script in QEMU's place; a home of its own."""

from __future__ import annotations

import io
import os
import shlex
import subprocess
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import pytest
import warm_home
from build_fixtures import MAIN, Toy
from git_fixtures import Stream
from judge_fixtures import figures, report
from shown_commands import commands_of
from vm_fixtures import FakeQemu

from zpmaint.cli import main as door
from zpmaint.core.versions import KernelVersion
from zpmaint.suites.fault_path.suite import all_cases

KERNELS = ("6.12.107", "7.1.13", "7.2.8")
LOADAVG = """// SPDX-License-Identifier: GPL-2.0
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/pid_namespace.h>
#include <linux/proc_fs.h>
#include <linux/sched.h>
#include <linux/sched/loadavg.h>
#include <linux/sched/stat.h>
#include <linux/seq_file.h>
#include <linux/seqlock.h>
#include <linux/time.h>
#include "internal.h"

static int loadavg_proc_show(struct seq_file *m, void *v)
{
	unsigned long avnrun[3];

	get_avenrun(avnrun, FIXED_1/200, 0);

	seq_printf(m, "%lu.%02lu %lu.%02lu %lu.%02lu %u/%d %d\\n",
		LOAD_INT(avnrun[0]), LOAD_FRAC(avnrun[0]),
		LOAD_INT(avnrun[1]), LOAD_FRAC(avnrun[1]),
		LOAD_INT(avnrun[2]), LOAD_FRAC(avnrun[2]),
		nr_running(), nr_threads,
		idr_get_cursor(&task_active_pid_ns(current)->idr) - 1);
	return 0;
}

static int __init proc_loadavg_init(void)
{
	struct proc_dir_entry *pde;

	pde = proc_create_single("loadavg", 0, NULL, loadavg_proc_show);
	pde_make_permanent(pde);
	return 0;
}
fs_initcall(proc_loadavg_init);
"""
"""fs/proc/loadavg.c of 6.12 and 7.2."""
UPTIME = """// SPDX-License-Identifier: GPL-2.0
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/proc_fs.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/time.h>
#include <linux/time_namespace.h>
#include <linux/kernel_stat.h>
#include "internal.h"

static int uptime_proc_show(struct seq_file *m, void *v)
{
	struct timespec64 uptime;
	struct timespec64 idle;
	u64 idle_nsec;
	u32 rem;
	int i;

	idle_nsec = 0;
{sum}	ktime_get_boottime_ts64(&uptime);
	timens_add_boottime(&uptime);

	idle.tv_sec = div_u64_rem(idle_nsec, NSEC_PER_SEC, &rem);
	idle.tv_nsec = rem;
	seq_printf(m, "%lu.%02lu %lu.%02lu\\n",
			(unsigned long) uptime.tv_sec,
			(uptime.tv_nsec / (NSEC_PER_SEC / 100)),
			(unsigned long) idle.tv_sec,
			(idle.tv_nsec / (NSEC_PER_SEC / 100)));
	return 0;
}

static int __init proc_uptime_init(void)
{
	struct proc_dir_entry *pde;

	pde = proc_create_single("uptime", 0, NULL, uptime_proc_show);
	pde_make_permanent(pde);
	return 0;
}
fs_initcall(proc_uptime_init);
"""
_IDLE = """	for_each_possible_cpu(i) {
		struct kernel_cpustat kcs;

		kcpustat_cpu_fetch(&kcs, i);
		idle_nsec += get_idle_time(&kcs, i);
	}

"""
_IDLE_SINCE_7_2 = """	for_each_possible_cpu(i)
		idle_nsec += kcpustat_field(CPUTIME_IDLE, i);

"""

_INTERNAL = """struct seq_file; struct proc_dir_entry; struct ns { int idr; };
#define __init
#define NULL ((void *)0)
#define FIXED_1 2048
#define LOAD_INT(x) (x)
#define LOAD_FRAC(x) (x)
#define fs_initcall(f) int (*init_##f)(void) = f
#define current 0
#define NSEC_PER_SEC 1000000000L
#define for_each_possible_cpu(i) for (i = 0; i < 2; i++)
enum { CPUTIME_IDLE, CPUTIME_IOWAIT };
typedef unsigned long long u64; typedef unsigned u32;
struct timespec64 { long tv_sec, tv_nsec; };
struct kernel_cpustat { u64 cpustat[2]; };
static inline void kcpustat_cpu_fetch(struct kernel_cpustat *k, int i) { k->cpustat[1] = i; }
static inline u64 get_idle_time(struct kernel_cpustat *k, int i) { return i; }
static inline u64 kcpustat_field(int field, int i) { return field + i; }
static inline void ktime_get_boottime_ts64(struct timespec64 *t) { t->tv_sec = t->tv_nsec = 1; }
static inline void timens_add_boottime(struct timespec64 *t) { }
static inline u64 div_u64_rem(u64 a, u32 b, u32 *rem) { *rem = a % b; return a / b; }
static int nr_threads;
static inline unsigned nr_running(void) { return 0; }
static inline void get_avenrun(unsigned long *a, int b, int c) { a[0] = a[1] = a[2] = b + c; }
static inline void seq_printf(struct seq_file *m, const char *form, ...) { }
static inline int idr_get_cursor(int *idr) { return *idr; }
static inline struct ns *task_active_pid_ns(int task) { static struct ns one; return &one; }
static inline void *proc_create_single(const char *n, int m, void *p,
	int (*show)(struct seq_file *, void *)) { return 0; }
static inline void pde_make_permanent(void *pde) { }
"""

_BOOTS = """
case $words in --version) echo 'QEMU emulator version 0'; exit 0;; esac
version=$(echo "$words" | grep -oE '(6[.]12[.]107|7[.]1[.]13|7[.]2[.]8)' | head -n 1)
echo "Linux version $version" > "$console"
case $words in *patched*) flavour=patched;; *) flavour=stock;; esac
case $(readlink "$console") in *-own-*) suite=-own;; *-boot-*) suite=-boot;; *) suite=;; esac
cp "{folder}/$version-$flavour$suite.results" "$results"
exit 33
"""


@dataclass
class World:
    """The machine, and where its user stands."""

    top: Path
    here: Path
    said: str = ""
    """What the last command wrote."""

    @property
    def environment(self) -> dict[str, str]:
        home = str(self.top / "home")
        return {"HOME": home, "ZPMAINT_HOME": f"{home}/zp", "COLUMNS": "100"}

    def local(self, text: str) -> str:
        """A text with the folders of this machine in the place of those that it names."""
        return text.replace("/srv/", f"{self.top}/srv/").replace("~/", f"{self.top}/home/")

    def type(self, line: str) -> int:
        """Do what is typed; the exit status."""
        words = shlex.split(line)
        if words[0] == "cd":
            self.here = (self.here / words[1]).resolve(strict=True)
            return 0
        if words[0] == "zpmaint":
            (command,) = commands_of(line)
            return self._zpmaint(*command)
        done = subprocess.run(
            ["bash", "-c", line], cwd=self.here, env={**os.environ, **self.environment},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        self.said = done.stdout
        return done.returncode

    def _zpmaint(self, *words: str) -> int:
        said = io.StringIO()
        with (
            chdir(self.here),
            patch.dict(os.environ, self.environment),
            redirect_stdout(said),
            redirect_stderr(said),
        ):
            status = door.status_of(list(words))
        self.said = said.getvalue()
        warm_home.keep(self.top / "home/zp")
        if words[0] == "init":
            self._offline(self.here / words[1])
        return status

    def _offline(self, project: Path) -> None:
        """Where a new project would ask Debian's mirrors it asks the clone."""
        table = project / "kernels.toml"
        git = f'kind = "git"\nwhere = "{self.top}/srv/linux"\n'
        text = table.read_text().replace('kind = "debian" ', f"{git} ")
        table.write_text(text)


def world(top: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A new one."""
    (top / "srv").mkdir()
    (top / "home/work").mkdir(parents=True)
    user = "[user]\n\tname = Kay Keeper\n\temail = kay@example.org\n"
    (top / "home/.gitconfig").write_text(user)
    toy = Toy(top / "toy")
    toy.write("fs/proc/loadavg.c", LOADAVG)
    toy.write("fs/proc/internal.h", _INTERNAL)
    for line in (LOADAVG + UPTIME).splitlines():
        if line.startswith("#include <linux/"):
            toy.write(f"include/{line[10:-1]}", "")
    makefile = (toy.tree / "Makefile").read_text()
    toy.write(
        "Makefile",
        makefile.replace("objs := ", "objs := $(O)/fs/proc/loadavg.o $(O)/fs/proc/uptime.o "),
    )
    _clone(toy).into(top / "srv/linux")
    qemu = FakeQemu(top / "bin", monkeypatch)
    qemu.does(_BOOTS.format(folder=qemu.notes))
    for version in KERNELS:
        for flavour in ("stock", "patched"):
            _answers(qemu.notes, version, flavour)
    warm_home.give(top / "home/zp")
    return World(top, top / "home/work")


def _clone(toy: Toy) -> Stream:
    """Both kernels, each with a tag; two that were the same bytes would be booted once."""
    stream, before = Stream(), ()
    for version in KERNELS:
        numbers = zip(("VERSION", "PATCHLEVEL", "SUBLEVEL"), version.split("."), strict=True)
        head = "".join(f"{name} = {number}\n" for name, number in numbers) + "EXTRAVERSION =\n"
        banner = f'const char linux_banner[] = "Linux {version}";\n'
        content = toy.content()
        content["Makefile"] = head.encode() + content["Makefile"]
        idle = _IDLE_SINCE_7_2 if version.startswith("7.2.") else _IDLE
        content["fs/proc/uptime.c"] = UPTIME.replace("{sum}", idle).encode()
        content["init/main.c"] = MAIN + banner.encode()
        before = (stream.commit(f"refs/tags/v{version}", content, before),)
    return stream


def _answers(folder: Path, version: str, flavour: str) -> None:
    """What the script says for the machine: as stock, but for the tutorial's own case."""
    kernel = KernelVersion.parse(version)
    words = {
        case.name: case.stock(kernel) if kernel in case.era else "SKIP not on this kernel"
        for case in all_cases()
    }
    sign = "colon" if flavour == "patched" else "slash"
    for suite, said, bench in (
        ("", words, figures(private=False)),
        ("-own", {"loadavg.sign": sign}, ""),
        ("-boot", {"boot.up": "ok"}, ""),
    ):
        text = report(said, bench, release=version)
        (folder / f"{version}-{flavour}{suite}.results").write_text(text)
