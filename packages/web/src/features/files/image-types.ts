/** The media types of pictures that browsers can draw, by file name. */

const TYPES: Readonly<Record<string, string>> = {
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  gif: "image/gif",
  webp: "image/webp",
  avif: "image/avif",
  bmp: "image/bmp",
  ico: "image/x-icon",
};

/** The media type of a picture, undefined for anything else. SVG is text and is edited. */
export const imageTypeOf = (path: string): string | undefined =>
  TYPES[path.slice(path.lastIndexOf(".") + 1).toLowerCase()];
