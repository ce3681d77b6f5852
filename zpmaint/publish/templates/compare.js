// SPDX-License-Identifier: GPL-2.0-only
// compare.html?a=SET/KERNEL/run&b=SET/KERNEL/run: what two runs say of themselves, side by side. Each
// is a script of this site, as a page without a server may load nothing else. Texts of runs are only
// ever set as text.
"use strict";

var zpmaintCompare = (function () {
  var ADDRESS = /^(?:[A-Za-z0-9_][A-Za-z0-9._~+-]*\/){2}run(?:-former)?$/;
  var FLAVOURS = ["stock", "patched"];

  function address(text) {
    return typeof text === "string" && ADDRESS.test(text) ? text : "";
  }

  function names(one, other) {
    return Object.keys(Object.assign({}, one, other));
  }

  function differing(one, other) {
    return names(one, other).filter(function (name) {
      return JSON.stringify(one[name]) !== JSON.stringify(other[name]);
    }).map(function (name) { return [name, one[name], other[name]]; });
  }

  function symbols(lines) {
    var found = {};
    lines.forEach(function (line) {
      var at = line.indexOf("=");
      if (at > 0) { found[line.slice(0, at)] = line.slice(at + 1); }
    });
    return found;
  }

  // Lines of a patch without what differs by itself: places, index lines, the mail around it.
  function body(lines) {
    var start = lines.findIndex(function (line) { return /^(diff|---) /.test(line); });
    return lines.slice(Math.max(start, 0)).filter(function (line) {
      return !/^index /.test(line);
    }).map(function (line) { return line.replace(/^@@[^@]*@@/, "@@"); });
  }

  // The lines that one of two lists has and the other has not, in order, by longest common
  // subsequence; of long ones only between the equal beginnings and ends.
  function lineDiff(a, b) {
    var head = 0, tail = 0, made = [], i, j;
    while (head < a.length && head < b.length && a[head] === b[head]) { head++; }
    while (tail < a.length - head && tail < b.length - head &&
           a[a.length - 1 - tail] === b[b.length - 1 - tail]) { tail++; }
    a = a.slice(head, a.length - tail);
    b = b.slice(head, b.length - tail);
    if (a.length * b.length > 4e6) { return null; }
    var table = [];
    for (i = a.length; i >= 0; i--) {
      table[i] = new Array(b.length + 1).fill(0);
      for (j = b.length - 1; i < a.length && j >= 0; j--) {
        table[i][j] = a[i] === b[j] ? table[i + 1][j + 1] + 1
          : Math.max(table[i + 1][j], table[i][j + 1]);
      }
    }
    for (i = 0, j = 0; i < a.length || j < b.length;) {
      if (i < a.length && j < b.length && a[i] === b[j]) { i++; j++; }
      else if (j >= b.length || (i < a.length && table[i + 1][j] >= table[i][j + 1])) {
        made.push("-" + a[i++]);
      } else { made.push("+" + b[j++]); }
    }
    return made;
  }

  function compare(one, other) {
    return {
      settings: differing(one.settings, other.settings),
      cases: differing(one.cases, other.cases),
      figures: differing(one.figures, other.figures),
      config: one.config && other.config
        ? differing(symbols(one.config), symbols(other.config)) : null,
      patch: one.patch && other.patch ? lineDiff(body(one.patch), body(other.patch)) : null
    };
  }

  return { address: address, compare: compare, lineDiff: lineDiff, FLAVOURS: FLAVOURS };
}());

var zpmaintRun, zpmaintRuns;

(function () {
  if (typeof document === "undefined") { return; }
  var kept = [], runs = [];
  zpmaintRun = function (run) { kept.push(run); };
  zpmaintRuns = function (found) { runs = found; };

  // What a terminal or a page would act on, as an escape.
  function visible(text) {
    return String(text).replace(
      /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff]/g,
      function (c) { return "\\u" + ("000" + c.charCodeAt(0).toString(16)).slice(-4); });
  }

  function add(parent, tag, text, attributes) {
    var made = document.createElement(tag);
    if (text !== undefined) { made.textContent = visible(text); }
    Object.keys(attributes || {}).forEach(function (name) {
      made.setAttribute(name, attributes[name]);
    });
    parent.appendChild(made);
    return made;
  }

  function said(text) { document.getElementById("said").textContent = visible(text); }

  function seen(value) {
    if (value === undefined || value === null) { return "\u2013"; }
    if (Array.isArray(value)) {
      return zpmaintCompare.FLAVOURS.map(function (name, n) {
        var one = value[n];
        return name + ": " + (one === null || one === undefined ? "\u2013"
          : Array.isArray(one) ? one.join(": ") : one);
      }).join("; ");
    }
    return String(value);
  }

  function table(parent, title, rows, nothing) {
    var section = add(parent, "section");
    add(section, "h2", title);
    if (!rows || !rows.length) { add(section, "p", rows ? nothing : "Not compared: one of the two is not at hand."); return; }
    var made = add(add(section, "div", undefined, { "class": "scroll" }), "table");
    var head = add(add(made, "thead"), "tr");
    ["What", "Before", "After"].forEach(function (name) { add(head, "th", name, { scope: "col" }); });
    var inside = add(made, "tbody");
    rows.forEach(function (row) {
      var line = add(inside, "tr");
      add(line, "th", row[0], { scope: "row" });
      add(line, "td", seen(row[1]), { "data-label": "Before", "class": "wide" });
      add(line, "td", seen(row[2]), { "data-label": "After", "class": "wide" });
    });
  }

  function show(one, other) {
    var found = zpmaintCompare.compare(one, other), at = document.getElementById("found");
    at.textContent = "";
    var links = add(at, "p");
    [["Before: ", one], ["After: ", other]].forEach(function (row, n) {
      add(links, "span", (n ? " \u00b7 " : "") + row[0]);
      add(links, "a", row[1].settings.kernel + " " + row[1].settings.architecture + ", " + row[1].settings.result,
        { href: row[1].page.split("/").map(encodeURIComponent).join("/") });
    });
    table(at, "What each is", found.settings, "The same kernel, tools and result.");
    table(at, "Cases", found.cases, "All cases ended the same way.");
    table(at, "Figures", found.figures, "All figures are the same.");
    table(at, "Configuration", found.config, "The same symbols are set, to the same values.");
    var section = add(at, "section");
    add(section, "h2", "The patch");
    if (!found.patch) { add(section, "p", "Not compared: one of the two has no patch, or they are too long."); }
    else if (!found.patch.length) { add(section, "p", "The same but for line numbers."); }
    else {
      var text = add(section, "pre", undefined, { "class": "diff", tabindex: "0", role: "region", "aria-label": "The patch" });
      found.patch.forEach(function (line) {
        add(text, "span", line + "\n", { "class": line[0] === "+" ? "add" : "del" });
      });
    }
    said("Compared.");
  }

  function load(where, then) {
    var before = kept.length, made = document.createElement("script");
    made.src = where.split("/").map(encodeURIComponent).join("/") + ".js";
    made.onload = function () { then(kept.length > before ? kept[kept.length - 1] : null); };
    made.onerror = function () { then(null); };
    document.head.appendChild(made);
  }

  function start() {
    var asked = new URLSearchParams(window.location.search);
    var choose = document.getElementById("choose"), list = document.getElementById("runs");
    choose.hidden = false;
    runs.forEach(function (run) { add(list, "option", run[1], { value: run[0] }); });
    var fields = ["a", "b"].map(function (name) {
      var field = document.getElementById(name);
      field.value = asked.get(name) || "";
      return field;
    });
    document.getElementById("go").addEventListener("click", function () {
      window.location.search = "?a=" + encodeURIComponent(fields[0].value) + "&b=" + encodeURIComponent(fields[1].value);
    });
    if (!fields[0].value || !fields[1].value) { return; }
    var one = zpmaintCompare.address(fields[0].value), other = zpmaintCompare.address(fields[1].value);
    if (!one || !other) { said("Not the name of a run: choose two of the list."); return; }
    load(one, function (first) {
      load(other, function (second) {
        if (first && second) { show(first, second); }
        else { said("There is no such run here: " + (first ? other : one)); }
      });
    });
  }

  document.addEventListener("DOMContentLoaded", start);
}());

if (typeof module !== "undefined") { module.exports = zpmaintCompare; }
