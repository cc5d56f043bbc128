// Whether a dashboard for Grafana is one by Grafana's own types: no name in it that they do not know, no value of another type.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import typescript from "typescript";

const { file } = JSON.parse(process.argv[2]);
const text = readFileSync(file, "utf8");

function mistakes(text) {
  const check = fileURLToPath(new URL("grafana-check.ts", import.meta.url));
  writeFileSync(check, `
    import type { AnnotationQuery, Dashboard } from "@grafana/schema";
    // The members of an enumeration are plain texts in a file.
    type Plain<T> = T extends string ? \`\${T}\` : T extends object ? { [K in keyof T]: Plain<T[K]> } : T;
    // What the data source of Prometheus reads of an annotation besides.
    type Annotation = Plain<AnnotationQuery> & { titleFormat: string; textFormat: string; target: { expr: string; interval: string } };
    export const dashboard: Omit<Plain<Dashboard>, "annotations"> & { annotations: { list: Annotation[] } } = ${text};
  `);
  const { ModuleKind, ModuleResolutionKind, ScriptTarget } = typescript;
  const program = typescript.createProgram([check], {
    strict: true, noEmit: true, skipLibCheck: true, module: ModuleKind.ESNext, moduleResolution: ModuleResolutionKind.Bundler, target: ScriptTarget.ES2022, types: [],
  });
  return typescript.getPreEmitDiagnostics(program).map(({ messageText }) => typescript.flattenDiagnosticMessageText(messageText, "\n"));
}

assert.deepEqual(mistakes(text), []);
for (const [right, wrong] of [['"schemaVersion": ', '"schemaVersions": '], ['"graphTooltip": 1', '"graphTooltip": "1"'], ['"mode": "absolute"', '"mode": "absolut"']]) {
  assert.ok(text.includes(right));
  assert.notDeepEqual(mistakes(text.replace(right, wrong)), [], `it is found that ${wrong} is wrong`);
}
process.stdout.write("null");
