/** What Monaco's package brings of the compiler, without declaring it. */
declare module "monaco-editor/languages/features/typescript/lib/typescriptServices" {
  import type * as TypeScript from "typescript";

  export const typescript: typeof TypeScript;
}

declare module "monaco-editor/languages/features/typescript/lib/lib" {
  /** `lib.esnext.d.ts` and so on, to their texts. */
  export const libFileMap: Readonly<Record<string, string>>;
}
