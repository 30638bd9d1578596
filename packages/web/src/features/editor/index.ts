/** The editor's public interface: small, so it may be part of the entry chunk; Monaco is loaded behind it. */
export { createEditor } from "./create-editor.ts";
export { languageOfFileName } from "./language-of-file-name.ts";
export { sameSaveState } from "../collaboration/save-state.ts";
export * from "./ports.ts";
