// SPDX-License-Identifier: GPL-2.0-only
// "Does it work on mine?": reads what `uname` answers as zpmaint/core/kernel_answers.py and
// kernel_names.py do, and looks up what is known as zpmaint/publish/known.py does; tests hold them
// together. The rules and what is known are scripts beside this one, made with the page: a page
// that is opened from a folder may read scripts, and nothing else.
"use strict";

(function (root) {
  const LONGEST = 4000;
  const LISTED = 6;
  const VERIFIED = ["x86_64", "i386", "arm64", "riscv64"];
  const BLANKS = /[ \t\n\r\f\v\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]+/g;
  const BANNER = /Linux version (\S+)(.*)$/;
  const UNAME = /(?:^|\s)v?(\d+\.\d+\S*) (#\S.*)$/;
  const LOOKS = /^v?\d{1,4}\.\d{1,4}(?!\d)/;
  const NEXT = /^next-\d{8}$/;
  const QUOTES = "\"'`,;:()<>[]*$";
  const EPOCH = /^\d+:(?=\d)/;
  const NUMBERS =
    /^(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?(?:\.(\d{1,4}))?(?:[-~]rc(\d{1,3}))?(?!\d)/;

  let rules = null;
  let sets = [];
  const known = new Map(); // folder and series: rows, newest kernel first
  const waiting = new Map();

  // ---- the rules, as kernel_names.toml has them

  function takeRules(table) {
    const machines = new Map();
    for (const [arch, words] of Object.entries(table.machines.words)) {
      for (const word of words) machines.set(word, arch);
    }
    rules = {
      newest: table.series.newest,
      machines,
      numeric: new RegExp(table.machines.numeric),
      other: table.other.map((row) => [new RegExp(row.pattern), row.how]),
      packages: {
        pattern: new RegExp(table.packages.pattern),
        endings: new RegExp(table.packages.endings),
        platform: new RegExp(table.packages.platform),
        deb: new RegExp(table.packages.deb),
      },
      said: table.said.map((row) => ({ ...row, pattern: new RegExp(row.pattern) })),
      rules: table.rule.map((row) => ({
        point: "any",
        better: "",
        series: [],
        ...row,
        tail: new RegExp(`^(?:${row.tail})$`),
        version: row.version === undefined ? null : new RegExp(row.version),
      })),
    };
  }

  // ---- an answer taken apart

  function strip(text, characters) {
    let start = 0;
    let end = text.length;
    while (start < end && characters.includes(text[start])) start += 1;
    while (end > start && characters.includes(text[end - 1])) end -= 1;
    return text.slice(start, end);
  }

  function takenApart(text) {
    const line = strip(text.replace(BLANKS, " "), " ");
    const none = { name: "", beside: "", words: [], refused: "" };
    if (!line) return { ...none, refused: "there is nothing in it" };
    if (Array.from(line).length > LONGEST) {
      return { ...none, refused: `it is longer than any answer: more than ${LONGEST} characters` };
    }
    for (const [pattern, how] of rules.other) {
      const found = pattern.exec(line);
      if (found) return { ...none, refused: how.split("{word}").join(strip(found[0], " ")) };
    }
    const words = line.split(" ").map((word) => strip(word, QUOTES));
    let found = BANNER.exec(line);
    if (found) {
      const rest = found[2];
      const beside = strip(rest.slice(Math.max(rest.lastIndexOf(" #"), 0)), " ");
      return { ...none, name: bare(found[1]), beside, words };
    }
    found = UNAME.exec(line);
    if (found) return { ...none, name: bare(found[1]), beside: found[2], words };
    if (line.startsWith("#")) return { ...none, beside: line, words };
    return ofWords(line, words, none);
  }

  function ofWords(line, words, none) {
    const packages = rules.packages;
    const pieces = [];
    for (const word of words) {
      const deb = packages.deb.exec(word);
      const platform = packages.platform.exec(word);
      if (deb) pieces.push(deb[1], deb[2], deb[3]);
      else if (platform) pieces.push(platform[1], platform[2]);
      else pieces.push(word);
    }
    const names = [...new Set(pieces.filter(isName).map(bare))];
    if (rules.said.some((said) => said.pattern.test(line))) {
      return { ...none, name: names.length ? names[0] : "", beside: line, words: pieces };
    }
    if (names.length > 1 && pieces.some((piece) => piece.startsWith("linux-image-"))) {
      return { ...none, name: names[0], beside: `Debian ${names[1]}`, words: pieces };
    }
    if (names.length > 1) {
      const listed = names.slice(0, 3).join(", ");
      return { ...none, refused: `it has more than one name of a kernel: ${listed}` };
    }
    if (!names.length) return { ...none, refused: "there is no name of a kernel in it" };
    return { ...none, name: names[0], words: pieces };
  }

  function isName(word) {
    const name = bare(word);
    return LOOKS.test(name) || NEXT.test(name);
  }

  function bare(text) {
    const packages = rules.packages;
    let word = strip(text, QUOTES);
    word = word.slice(word.lastIndexOf("/") + 1);
    word = word.replace(packages.pattern, "").replace(packages.endings, "");
    word = word.replace(EPOCH, "").replace(packages.endings, "");
    return /^v\d/.test(word) ? word.slice(1) : word;
  }

  // ---- versions: {numbers, rc, next}, as KernelVersion

  function written(version) {
    if (version.next !== null) return `next-${version.next}`;
    const numbers = version.numbers;
    const last = numbers[numbers.length - 1];
    const text = (last ? numbers : numbers.slice(0, -1)).join(".");
    return version.rc === null ? text : `${text}-rc${version.rc}`;
  }

  function seriesOf(version) {
    return version.next !== null ? "next" : version.numbers.slice(0, -1).join(".");
  }

  function compared(one, other) {
    const key = (v) => [
      v.next === null ? 0 : 1,
      ...(v.next === null ? [...v.numbers, ...Array(4 - v.numbers.length).fill(0)] : [v.next]),
      v.rc === null ? Infinity : v.rc,
    ];
    const [a, b] = [key(one), key(other)];
    for (let i = 0; i < Math.min(a.length, b.length); i += 1) {
      if (a[i] !== b[i]) return a[i] < b[i] ? -1 : 1;
    }
    return 0;
  }

  function releaseOf(found) {
    const [first, second, third, fourth, rc] = found
      .slice(1, 6)
      .map((n) => (n === undefined ? null : Number(n)));
    const candidate = rc || null;
    if (first < 3) {
      const line = rules.newest[`${first}.${second}`];
      if (third === null || line === undefined || third > line) return null;
      return { numbers: [first, second, third, fourth || 0], rc: candidate, next: null };
    }
    const newest = rules.newest[String(first)];
    if (newest === undefined || second > newest) return null;
    return { numbers: [first, second, third || 0], rc: candidate, next: null };
  }

  /** A version as the ledger writes it, Debian's revision kept apart; null where it is none. */
  function parsed(text) {
    const next = /^next-(\d{8})$/.exec(text);
    if (next) return { numbers: [], rc: null, next: Number(next[1]), debian: null };
    const found = /^(\d+(?:\.\d+)+)(?:[-~]rc(\d+))?(?:-(.+))?$/.exec(text);
    if (!found) return null;
    const numbers = found[1].split(".").map(Number);
    const width = numbers[0] < 3 ? 4 : 3;
    while (numbers.length < width) numbers.push(0);
    return {
      numbers,
      rc: found[2] === undefined ? null : Number(found[2]),
      next: null,
      debian: found[3] === undefined ? null : found[3],
    };
  }

  // ---- which kernel an answer names

  function readName(text) {
    const answer = takenApart(text);
    if (answer.refused) return unknown(answer.refused);
    const said = saidIn(answer);
    if (!answer.name) {
      if (!said) {
        return unknown("there is no name of a kernel in it, only what uname -v says beside it");
      }
      return ofSaid(answer, said, null);
    }
    if (answer.name.startsWith("next-")) {
      const base = { numbers: [], rc: null, next: Number(answer.name.slice(5)) };
      const how = `linux-next of that day: ${written(base)}`;
      return made("exact", base, "upstream", "", archOf(answer, ""), how, "", answer.name, "");
    }
    const found = NUMBERS.exec(answer.name);
    const release = found ? releaseOf(found) : null;
    if (!release) return unknown(`kernel.org made no kernel of these numbers: ${answer.name}`);
    if (said && seriesOf(said.base) !== seriesOf(release)) {
      return unknown(
        `its parts do not fit together: ${answer.name}, and beside it ` +
          `${said.row.who}'s ${written(said.base)}`,
      );
    }
    const tail = answer.name.slice(found[0].length);
    const [rule, first] = ruleFor(release, tail, answer.beside);
    if (said && rule.gives !== "nothing") return ofSaid(answer, said, rule);
    return ofRule(answer, rule, release, tail, first);
  }

  function ofRule(answer, rule, release, tail, first) {
    let base = release;
    if (rule.gives === "rc" || rule.gives === "snapshot") {
      base = { numbers: release.numbers, rc: Number(first) || null, next: null };
    } else if (rule.gives === "next") {
      base = { numbers: [], rc: null, next: Number(first) };
    } else if (rule.gives === "series") {
      base = { numbers: [...release.numbers.slice(0, -1), 0], rc: null, next: null };
    } else if (rule.gives === "nothing") {
      base = null;
    }
    const text = base ? (rule.gives === "series" ? seriesOf(base) : written(base)) : "";
    const how = rule.how.split("{base}").join(text).split("{count}").join(first || "some");
    const arch = archOf(answer, tail);
    return made(
      exactnessOf(rule), base, rule.tree, rule.who, arch, how, rule.better, answer.name, "",
    );
  }

  function exactnessOf(rule) {
    if (rule.gives === "nothing") return "unknown";
    if (rule.gives === "series" || rule.gives === "snapshot") return "series only";
    return rule.tree === "vendor" || rule.gives === "after" ? "base of a changed tree" : "exact";
  }

  function saidIn(answer) {
    for (const row of rules.said) {
      const found = row.pattern.exec(answer.beside);
      const numbers = found ? NUMBERS.exec(found[2]) : null;
      const base = numbers ? releaseOf(numbers) : null;
      if (base) return { row, base, told: found[1], release: found[2] };
    }
    return null;
  }

  function ofSaid(answer, said, rule) {
    const changed =
      said.row.tree === "vendor" || Boolean(rule && rule.who && rule.tree === "vendor");
    const own = Boolean(said.row.package) && !changed;
    const found = NUMBERS.exec(answer.name);
    const tail = found ? answer.name.slice(found[0].length) : "";
    const base = written(said.base);
    return made(
      changed ? "base of a changed tree" : "exact",
      said.base,
      changed ? "vendor" : said.row.tree,
      said.row.who,
      archOf(answer, tail),
      said.row.how.split("{package}").join(said.told).split("{base}").join(base),
      "",
      answer.name,
      own ? base + said.told.slice(said.release.length) : "",
    );
  }

  function ruleFor(release, tail, beside) {
    const last = release.numbers[release.numbers.length - 1];
    const point = last || release.rc !== null ? "some" : "zero";
    for (const rule of rules.rules) {
      if (rule.point !== "any" && rule.point !== point) continue;
      if (rule.series.length && !rule.series.includes(seriesOf(release))) continue;
      const found = rule.tail.exec(tail);
      if (!found || (rule.version && !rule.version.test(beside))) continue;
      const first = found.slice(1).find((group) => group !== undefined);
      return [rule, first === undefined ? "" : first];
    }
    throw new Error("the last rules fit every name");
  }

  function archOf(answer, tail) {
    const inside = tail
      .toLowerCase()
      .split(/[^a-z0-9_]+/)
      .filter((word) => rules.machines.has(word));
    if (inside.length) return rules.machines.get(inside[inside.length - 1]);
    if (rules.numeric.test(tail)) return "i386";
    const word = answer.words.find((one) => rules.machines.has(one));
    return word === undefined ? "" : rules.machines.get(word);
  }

  function unknown(why) {
    return made("unknown", null, "vendor", "", "", why, "uname -a", "", "");
  }

  function made(exactness, base, tree, distribution, arch, how, better, name, packaged) {
    const series = base ? seriesOf(base) : "";
    const baseText = exactness === "series only" ? series : base ? written(base) : "";
    const whose = distribution ? `${distribution}'s` : "its builder's";
    let warning = "";
    if (tree === "vendor" && base) {
      warning =
        `a verdict for kernel.org's ${baseText} does not carry over: this tree is changed; ` +
        `try the patch on ${whose} own source`;
    } else if (tree === "patched" && distribution) {
      warning = `${whose} own patches are not in kernel.org's ${baseText}`;
    }
    return {
      exactness, base, tree, distribution, arch, how, better, name,
      package: packaged, series, baseText, warning,
    };
  }

  // ---- what is known for it

  const FIELDS = [
    "version", "arch", "profile", "look", "good", "settled", "why", "verified", "cost", "page",
    "patch", "sha256",
  ];

  /** What `known.found_for` says, of rows that are newest first. */
  function foundFor(name, rows) {
    if (!name.base) {
      return nothing("which kernel it is cannot be told, so nothing is known for it");
    }
    if (name.arch && !VERIFIED.includes(name.arch)) {
      return nothing(`no kernel is verified on ${name.arch}`);
    }
    const mine = rows.filter((row) => !name.arch || row.arch === name.arch);
    const wanted = name.exactness === "series only" ? [] : [name.package, written(name.base)];
    for (const version of wanted.filter(Boolean)) {
      const same = mine.filter((row) => row.version === version);
      if (same.length && name.exactness === "base of a changed tree") {
        const words = `${version} was verified, which this kernel's changed tree stands on`;
        return { how: "kernels beside it", kernels: same, words, holds: null };
      }
      if (same.length) {
        const settled = same.filter((row) => row.settled);
        const holds = settled.length ? settled.every((row) => row.good) : null;
        return { how: "this kernel", kernels: same, words: `verified as ${version}`, holds };
      }
    }
    if (!mine.length) {
      const on = name.arch ? ` on ${name.arch}` : "";
      return nothing(`no kernel of the series ${name.series} is verified${on}`);
    }
    if (name.exactness === "series only") {
      const good = mine.filter((row) => row.good).length;
      const count =
        mine.length > 1 ? `${mine.length} kernels of it are` : "one kernel of it is";
      const words =
        `of the series ${name.series}, not known which: ${count} verified, the patch holds on ` +
        `${good}`;
      const kernels = mine.slice(0, LISTED);
      return { how: "kernels of its series", kernels, words, holds: null };
    }
    return beside(name.base, mine);
  }

  function beside(base, mine) {
    const place = (row) => {
      const version = parsed(row.version);
      return compared(version, base) || (version.debian === null ? 0 : 1);
    };
    const older = mine.filter((row) => place(row) < 0);
    const newer = mine.filter((row) => place(row) > 0);
    const kernels = newer.filter((row) => row.version === newer[newer.length - 1].version);
    kernels.push(...older.filter((row) => row.version === older[0].version));
    const words =
      `${written(base)} itself was never verified; these are the nearest of its series that were`;
    return { how: "kernels beside it", kernels, words, holds: null };
  }

  function nothing(words) {
    return { how: "nothing", kernels: [], words, holds: null };
  }

  function takeKnown(folder, series, rows) {
    const key = `${folder}/${series}`;
    known.set(
      key,
      rows.map((row) => Object.fromEntries(FIELDS.map((field, i) => [field, row[i]]))),
    );
    for (const tell of waiting.get(key) || []) tell(known.get(key));
    waiting.delete(key);
  }

  // ---- the page

  function element(tag, attributes, ...inside) {
    const one = root.document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) one.setAttribute(name, value);
    one.append(...inside);
    return one;
  }

  /** The rows of a set's series, from the script beside the page that has them. */
  function rowsOf(set, series, base, tell) {
    const key = `${set.folder}/${series}`;
    if (!set.series.includes(series)) return tell([]);
    if (known.has(key)) return tell(known.get(key));
    const others = waiting.get(key);
    if (others) return void others.push(tell);
    waiting.set(key, [tell]);
    const src = `${base}${encodeURIComponent(set.folder)}/works/${encodeURIComponent(series)}.js`;
    const script = element("script", { src });
    script.addEventListener("error", () => {
      for (const waits of waiting.get(key) || []) waits(null);
      waiting.delete(key);
    });
    root.document.head.append(script);
  }

  function answered(text, name) {
    const yours = name.exactness === "series only" ? `${name.baseText}.y` : name.baseText;
    const list = element("dl", { class: "works-kernel" });
    const row = (term, value) => {
      if (value) list.append(element("div", {}, element("dt", {}, term), element("dd", {}, value)));
    };
    row("Kernel", yours ? `${yours} (${name.exactness})` : "not known");
    row("How it is known", name.how);
    row("Built by", name.distribution);
    row("Machine", name.arch);
    row("To know better", name.better ? element("code", {}, name.better) : "");
    row("Mind", name.warning);
    return list;
  }

  function verdict(set, found, base, heading) {
    const box = element("section", { class: "works-set" }, element(heading, {}, set.title));
    const sign = found.holds === null ? "?" : found.holds ? "\u2713" : "\u2715";
    const says =
      found.holds === null ? "Not known" : found.holds ? "It holds" : "It does not hold";
    const tone = found.holds === null ? "open" : found.holds ? "good" : "bad";
    const badge = element(
      "span", { class: `badge ${tone}` }, element("span", { "aria-hidden": "true" }, sign),
      ` ${says}`,
    );
    box.append(element("p", {}, badge, ` ${found.words}.`));
    const list = element("ul", { class: "works-list" });
    for (const row of found.kernels) list.append(kernelItem(row, base));
    if (found.kernels.length) box.append(list);
    return box;
  }

  function kernelItem(row, base) {
    const name = `${row.version} ${row.arch}${row.profile ? ` ${row.profile}` : ""}`;
    const item = element("li", {});
    item.append(row.page ? element("a", { href: base + row.page }, name) : name);
    item.append(`: ${row.look}, ${row.verified}`);
    if (row.why && !(row.good && row.patch)) item.append(element("p", {}, row.why));
    if (row.cost) item.append(element("p", {}, `Costs ${row.cost}.`));
    if (row.patch) {
      const file = decodeURIComponent(row.patch.split("/").pop());
      item.append(element("p", {}, "File: ", element("a", { href: base + row.patch }, file)));
      if (row.sha256) {
        item.append(element("p", {}, "SHA-256: ", element("code", { class: "hash" }, row.sha256)));
      }
      item.append(
        element("p", {}, "In the kernel's source: ", element("code", {}, `patch -p1 -F0 < ${file}`)),
      );
    }
    return item;
  }

  function wire(part) {
    const input = part.querySelector("input");
    const output = part.querySelector("output");
    const base = part.dataset.root;
    let turn = 0;
    const tell = () => {
      turn += 1;
      const mine = turn;
      const text = input.value;
      if (!text.trim()) return void output.replaceChildren();
      const name = readName(text);
      const boxes = sets.map(() => element("div", {}));
      output.replaceChildren(answered(text, name), ...boxes);
      sets.forEach((set, i) => {
        rowsOf(set, name.series, base, (rows) => {
          if (mine !== turn) return;
          if (rows === null) {
            boxes[i].append(element("p", {}, `What is known of ${set.title} could not be read.`));
          } else {
            boxes[i].append(verdict(set, foundFor(name, rows), base, `h${part.dataset.heading}`));
          }
        });
      });
    };
    input.addEventListener("input", tell);
    const asked = () => {
      const found = /^#uname=(.*)$/.exec(root.location.hash);
      if (!found) return;
      try {
        input.value = decodeURIComponent(found[1]);
      } catch {
        input.value = found[1]; // a stray % in an address is no reason to answer nothing
      }
      tell();
    };
    root.addEventListener("hashchange", asked);
    part.hidden = false;
    asked();
  }

  root.zpmaintWorks = {
    takeRules,
    takeSets: (table) => { sets = table; },
    takeKnown,
    readName,
    foundFor,
    rows: (folder, series) => known.get(`${folder}/${series}`) || [],
  };
  if (root.document) {
    root.document.addEventListener("DOMContentLoaded", () => {
      for (const part of root.document.querySelectorAll("[data-works]")) wire(part);
    });
  }
})(typeof window === "undefined" ? globalThis : window);
