/** Root file systems of sandboxes. An import of its own, because it needs npm packages and the providers have to run without. */
export { createImageStore, type Image, type ImageStore } from "./image-store.ts";
export { createBuildCommand } from "./build-command.ts";
export { createImageBuilds, type ImageBuilds, ImageBuildFailed, type ImageProgress } from "./image-builds.ts";
