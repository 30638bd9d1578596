/** Previews: a project's files as a page of their own, on another origin than the editor's; and the messages of both pages. */
import { z } from "zod";

export const PreviewSchema = z
  .object({
    id: z.string(),
    /** `static`: the project's files; `port`: a program of the project that answers HTTP requests. */
    kind: z.enum(["static", "port"]),
    port: z.int().optional(),
    /** The address of the project's folder, with a slash at the end; whoever has it can read the preview until it expires. */
    url: z.url(),
    /** When the address stops working. Ask again before. */
    expiresAt: z.iso.datetime(),
    /** False: the browser gives the page no origin of its own, so it has no storage. */
    hasOrigin: z.boolean(),
  })
  .meta({ id: "Preview" });
export type Preview = z.infer<typeof PreviewSchema>;
export const PreviewListSchema = z.array(PreviewSchema);

const PREVIEWED = /\.(?:html?|xhtml|md|markdown)$/iu;

/** Whether Run shows this file as a page. */
export const isPreviewed = (path: string): boolean => PREVIEWED.test(path);

/** In every message between the editor's page and a previewed page. */
export const PREVIEW_MARK = "atelier-preview";
export const MAX_PREVIEW_MESSAGE_CHARACTERS = 4000;

/** What the editor's page sends: `hello` answers `ready`, `styles` loads the style sheets again without a reload. */
export type ToPreview = { readonly mark: typeof PREVIEW_MARK; readonly kind: "hello" | "reload" | "styles" };
