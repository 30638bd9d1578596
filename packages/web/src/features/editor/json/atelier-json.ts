/** Checks and completes `atelier.json` by the server's schema, with Monaco's support of JSON. Loaded when such a file is opened. */
import { setupMode } from "monaco-editor/languages/features/json/jsonMode";
import { jsonDefaults } from "monaco-editor/languages/features/json/register";
// oxlint-disable-next-line import/default -- what ?worker names is made by Vite
import workerAddress from "monaco-editor/languages/features/json/json.worker?worker&url";
import { startModuleWorker } from "../monaco/start-module-worker.ts";

/** As the page names its models: `atelier://file/<id>/<path>`. */
const AT_THE_TOP = "file/*/atelier.json";

const NOTHING = {
  documentFormattingEdits: false,
  documentRangeFormattingEdits: false,
  completionItems: false,
  hovers: false,
  documentSymbols: false,
  tokens: false,
  colors: false,
  foldingRanges: false,
  diagnostics: false,
  selectionRanges: false,
};

/** @param schema the JSON Schema */
export const applyAtelierSchema = (schema: object): void => {
  const others = globalThis.MonacoEnvironment;
  globalThis.MonacoEnvironment = {
    getWorker: (id, label) => {
      if (label === "json") return startModuleWorker(workerAddress, "json");
      if (others?.getWorker === undefined) throw new Error("there are no workers");
      return others.getWorker(id, label);
    },
  };
  // The colours stay those of the page's grammar.
  jsonDefaults.setModeConfiguration({ ...NOTHING, completionItems: true, hovers: true, diagnostics: true });
  jsonDefaults.setDiagnosticsOptions({
    validate: true,
    allowComments: true,
    comments: "ignore",
    trailingCommas: "ignore",
    schemaValidation: "error",
    enableSchemaRequest: false,
    schemas: [{ uri: "atelier://schemas/atelier.json", fileMatch: [AT_THE_TOP], schema }],
  });
  // Monaco would do it when it meets the first file of JSON, and has met it already.
  setupMode(jsonDefaults);
};
