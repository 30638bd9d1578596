/** Previews: a project's files as a page, on another origin than the editor's. */
export { previewSettings } from "./config.ts";
export { registerPreviewsHttp } from "./http.ts";
export { createPreviewAddresses, type PreviewAddresses } from "./preview-addresses.ts";
export { createPreviewNames } from "./preview-names.ts";
export { createPreviews, type Previews } from "./previews.ts";
