/** Declares the parts of the TypeScript compiler that Monaco's package contains but does not declare. */
declare module "monaco-editor/languages/features/typescript/lib/typescriptServices" {
  import type * as TypeScript from "typescript";

  export const typescript: typeof TypeScript;
}

declare module "monaco-editor/languages/features/typescript/lib/lib" {
  /** `lib.esnext.d.ts` and so on, to their texts. */
  export const libFileMap: Readonly<Record<string, string>>;
}
