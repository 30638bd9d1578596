/** Root file systems of sandboxes. A name of its own, because the providers run without npm packages and this needs some. */
export { createImageStore, type Image, type ImageStore } from "./image-store.ts";
