/** A module of Monaco that has no types of its own. */
declare module "monaco-editor/languages/features/json/jsonMode" {
  /** Registers the providers and the checking of JSON, as the settings say. */
  export function setupMode(settings: object): void;
}
