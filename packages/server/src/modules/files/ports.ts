/** The port of files: the initial files of a new project. */

/** The initial files of new projects. */
export interface Templates {
  /** undefined: no such template. Paths are already valid. */
  get(id: string): Promise<readonly TemplateFile[] | undefined>;
}
export type TemplateFile = { readonly path: string; readonly bytes: Uint8Array };
