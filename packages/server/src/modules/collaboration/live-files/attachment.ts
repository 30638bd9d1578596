/** The Content-Disposition header that makes a browser save an answer as a file. */

/** RFC 6266: an ASCII fallback and the real name in UTF-8. */
export const attachment = (name: string): string => {
  const plain = name.replace(/[^\u0020-\u007e]|["\\%]/gu, "_");
  const encoded = encodeURIComponent(name).replace(
    /['()*]/gu,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
};
