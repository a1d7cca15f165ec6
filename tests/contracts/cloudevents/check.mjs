// Ask the JavaScript SDK of CloudEvents whether the Kafka records named are valid events: node check.mjs FOLDER FILE...
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const [folder, ...files] = process.argv.slice(2);
const { CloudEvent, Kafka } = createRequire(`${folder}/`)("cloudevents");

// Read a record by the SDK's Kafka binding and validate it strictly; throws.
function parsed({ key, headers, value }) {
  const event = Kafka.toEvent({ key, headers, value: Buffer.from(value) });
  event.validate();
  return new CloudEvent(event.toJSON(), true);
}

function fault(record) {
  try {
    const event = parsed(record);
    if (event.type !== record.headers.ce_type || event.subject !== record.key || event.partitionkey !== record.key)
      return "type, subject or key were read differently";
    const { length } = event.sequence;
    const texts = [2n, 9n, 10n, 99n, 100n, 2n ** 63n - 1n].map((each) => `${each}`.padStart(length, "0"));
    if ([event.sequence, ...texts].some((each, number, all) => number && all[number - 1] >= each))
      return `sequence ${event.sequence} does not sort as a number`;
  } catch (error) {
    return `${error.message} ${JSON.stringify(error.errors ?? "")}`;
  }
  // A reader that accepts anything shows nothing: the same record with a relative schema must be refused.
  const relative = { ...record.headers, ce_dataschema: `schemas/${record.headers.ce_type}.json` };
  try {
    parsed({ ...record, headers: relative });
    return "it was accepted with a relative dataschema too";
  } catch {
    return "";
  }
}

let refused = 0;
for (const file of files) {
  const found = fault(JSON.parse(await readFile(file, "utf8")));
  if (found) console.log(`${file}: ${found}`);
  refused += found ? 1 : 0;
}
console.log(`JavaScript SDK: ${files.length - refused} of ${files.length} events accepted`);
process.exit(refused || !files.length ? 1 : 0);
