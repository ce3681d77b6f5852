// SPDX-License-Identifier: GPL-2.0-only
// What a browser makes of the site's pages: axe-core's findings, what is wider than the screen, what
// the content security policy refused, what the keyboard does not reach. With --shots DIR it also
// takes pictures. One line of JSON for each page and shape.
//
//   node browse.cjs NODE_MODULES CHROMIUM [--shots DIR] [--shapes a,b] FILE.html...
//
// NODE_MODULES has puppeteer-core and axe-core.
"use strict";
const path = require("path");
const fs = require("fs");
const { pathToFileURL } = require("url");

const words = process.argv.slice(2);
const modules = path.resolve(words.shift());
const chromium = words.shift();
const options = { shots: "", shapes: "wide,narrow,dark" };
while (words.length && words[0].startsWith("--")) {
  const name = words.shift().slice(2);
  options[name] = words.shift();
}
const SHAPES = {
  wide: { width: 1280, height: 900 },
  tablet: { width: 768, height: 1024 },
  phone: { width: 390, height: 844 },
  narrow: { width: 320, height: 640 },
  dark: { width: 1280, height: 900, dark: true },
  darkphone: { width: 390, height: 844, dark: true },
  zoom: { width: 640, height: 450, scale: 2 }, // 1280 pixels at 200 %
  noscript: { width: 1280, height: 900, noscript: true },
  print: { width: 718, height: 1000, print: true }, // A4 less the margins of the style
};

const puppeteer = require(path.join(modules, "puppeteer-core"));
const axe = fs.readFileSync(path.join(modules, "axe-core", "axe.min.js"), "utf8");

async function seen(page) {
  return page.evaluate(() => {
    const room = document.documentElement.clientWidth;
    const wide = [];
    for (const one of document.body.querySelectorAll("*")) {
      const box = one.getBoundingClientRect();
      if (box.width && box.right > room + 1 && box.left < room + 2000) {
        let held = false;
        for (let up = one.parentElement; up; up = up.parentElement) {
          const style = getComputedStyle(up);
          if (style.overflowX !== "visible" && up !== document.documentElement) held = true;
        }
        if (!held && getComputedStyle(one).clipPath === "none") wide.push(one.tagName + "." + one.getAttribute("class"));
      }
    }
    return {
      scrolls: document.documentElement.scrollWidth > room + 1,
      wide: wide.slice(0, 5),
      elements: document.querySelectorAll("*").length,
      height: document.documentElement.scrollHeight,
    };
  });
}

// Every link, summary and field is met by Tab, and something shows where the focus is.
async function keyboard(page) {
  const wanted = await page.evaluate(() => {
    const all = [...document.querySelectorAll("a[href], summary, input, select, textarea, button")];
    const there = all.filter((one) => one.checkVisibility({ visibilityProperty: true }) && one.type !== "radio");
    there.forEach((one, n) => one.setAttribute("data-n", n));
    document.activeElement.blur();
    return there.length;
  });
  const met = new Set();
  const unmarked = [];
  for (let n = 0; n < Math.min(wanted + 60, 400); n += 1) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate(() => {
      const one = document.activeElement;
      if (!one || one === document.body) return null;
      const style = getComputedStyle(one);
      const marked = (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none";
      return { n: one.getAttribute("data-n"), marked, what: one.outerHTML.slice(0, 90) };
    });
    if (at === null) break;
    if (at.n !== null) met.add(at.n);
    if (!at.marked) unmarked.push(at.what);
  }
  return { wanted, met: met.size, unmarked: unmarked.slice(0, 5), cut: wanted > 340 };
}

(async () => {
  const browser = await puppeteer.launch({
    executablePath: chromium,
    args: ["--no-sandbox", "--allow-file-access-from-files", "--disable-gpu"],
  });
  for (const file of words) {
    for (const name of options.shapes.split(",")) {
      const shape = SHAPES[name];
      const page = await browser.newPage();
      const errors = [];
      page.on("console", (m) => { if (m.type() === "error") errors.push(m.text().slice(0, 300)); });
      page.on("pageerror", (e) => errors.push(String(e).slice(0, 300)));
      page.on("requestfailed", (r) => errors.push("failed: " + r.url()));
      await page.setViewport({ width: shape.width, height: shape.height, deviceScaleFactor: shape.scale || 1 });
      if (shape.print) await page.emulateMediaType("print");
      else await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: shape.dark ? "dark" : "light" }]);
      if (shape.noscript) await page.setJavaScriptEnabled(false);
      await page.goto(pathToFileURL(path.resolve(file)).href, { waitUntil: "load" });
      const made = { file, shape: name, errors, ...(await seen(page)) };
      if (options.shots) {
        const stem = path.join(options.shots, path.resolve(file).split(path.sep).slice(-2).join("_").replace(/\.html$/, "") + "-" + name);
        if (shape.print) await page.pdf({ path: stem + ".pdf", format: "A4" });
        await page.screenshot({ path: stem + ".png", fullPage: made.height < 9000 });
      }
      if (!shape.noscript && !shape.print) {
        await page.evaluate(axe); // through the debugger: no policy of the page stands in its way
        const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
        made.axe = found.violations.map((v) => `${v.id}: ${v.nodes.length}: ${v.nodes[0].target} ${v.nodes[0].failureSummary.split("\n")[1] || ""}`);
        if (name === "wide") made.keyboard = await keyboard(page);
      }
      console.log(JSON.stringify(made));
      await page.close();
    }
  }
  await browser.close();
})().catch((error) => { console.error(String(error && error.stack || error)); process.exit(1); });
