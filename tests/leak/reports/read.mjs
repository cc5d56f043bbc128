// Reads a report as a CI server would, or fails:
//
//   node read.mjs FOLDER sarif|junit|action FILE
//
// FOLDER has the npm packages of package.json in its node_modules. SARIF is checked against the schema of its standard, which a package
// of Microsoft's has in it; what is read of JUnit is printed as JSON; an action is checked against GitHub's schema.
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import process from "node:process";

const [folder, kind, file] = process.argv.slice(2);
const require = createRequire(path.join(path.resolve(folder), "package.json"));
const text = fs.readFileSync(file, "utf8");

if (kind === "sarif") {
  const Ajv = require("ajv");
  const schemas = path.join(path.resolve(folder), "node_modules/@microsoft/jest-sarif/lib/schemas");
  const [schema] = fs.readdirSync(schemas).filter((name) => name.startsWith("sarif-2.1.0"));
  // The schema is of the fourth draft.
  const ajv = new Ajv({ schemaId: "auto", allErrors: true });
  ajv.addMetaSchema(require("ajv/lib/refs/json-schema-draft-04.json"));
  const validate = ajv.compile(JSON.parse(fs.readFileSync(path.join(schemas, schema), "utf8")));
  if (!validate(JSON.parse(text))) fail(JSON.stringify(validate.errors, null, 2));
} else if (kind === "junit") {
  console.log(JSON.stringify(await require("junit2json").parse(text)));
} else {
  const { validateAction } = require("@action-validator/core");
  const { errors } = validateAction(text);
  if (errors.length > 0) fail(JSON.stringify(errors, null, 2));
}

function fail(why) {
  console.error(why);
  process.exit(1);
}
