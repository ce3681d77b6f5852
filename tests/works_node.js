// SPDX-License-Identifier: GPL-2.0-only
// Runs the status page's script as a page would, without one: `node works_node.js SITE` reads a list
// of questions from standard input, and answers each as JSON. A question is {text} for what a name
// tells, with {folder} also what is known for it.
"use strict";
const fs = require("fs");
const path = require("path");
const vm = require("vm");

const site = process.argv[2];
const context = vm.createContext({});
const load = (name) => vm.runInContext(fs.readFileSync(path.join(site, name), "utf8"), context);
for (const name of ["works/works.js", "works/names.js", "works/sets.js"]) load(name);
const works = context.zpmaintWorks;

const answers = JSON.parse(fs.readFileSync(0, "utf8")).map(({ text, folder }) => {
  const name = works.readName(text);
  const { base, ...told } = name;
  if (folder === undefined) return told;
  const script = path.join(folder, "works", `${name.series}.js`);
  if (name.series && fs.existsSync(path.join(site, script))) load(script);
  const found = works.foundFor(name, works.rows(folder, name.series));
  const versions = found.kernels.map((row) => `${row.version} ${row.arch} ${row.look}`);
  return { how: found.how, words: found.words, holds: found.holds, kernels: versions };
});
process.stdout.write(JSON.stringify(answers));
