/** What files needs from outside: the files that a new project starts with. */

/** The files that a new project starts with. */
export interface Templates {
  /** undefined: no such template. Paths are already valid. */
  get(id: string): Promise<readonly TemplateFile[] | undefined>;
}
export type TemplateFile = { readonly path: string; readonly bytes: Uint8Array };
