// Ask the official parser whether the AsyncAPI documents named are valid: node asyncapi.mjs PARSER-FOLDER FILE...
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const [folder, ...files] = process.argv.slice(2);
const { Parser } = createRequire(`${folder}/`)("@asyncapi/parser");
const parser = new Parser();
const ERROR = 0;

async function faults(text) {
  const { document, diagnostics } = await parser.parse(text);
  const found = diagnostics.filter((each) => each.severity === ERROR);
  return document ? found.map((each) => `${each.path.join(".")}: ${each.message}`) : ["no document", ...found.map(String)];
}

let refused = 0;
for (const file of files) {
  const text = await readFile(file, "utf8");
  const found = await faults(text);
  // A parser that accepts anything shows nothing: the same document with a channel gone must be refused.
  const broken = await faults(JSON.stringify({ ...JSON.parse(text), channels: {} }));
  if (!broken.length) found.push("the parser accepted the document without its channels too");
  console.log(`${file}: ${found.length ? found.join("\n  ") : "accepted"}`);
  refused += found.length;
}
process.exit(refused ? 1 : 0);
