/** Finds elements in a manifest of XML, without entities, namespaces or a document tree: linear in the text. */

export type XmlElement = {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly parent: XmlElement | undefined;
  /** Text directly inside it, trimmed. */
  text: string;
};

const MAX_DEPTH = 64;
/** Looking for children is quadratic in it. */
const MAX_ELEMENTS = 2000;
const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };
const decode = (text: string): string =>
  text.replaceAll(/&(lt|gt|amp|quot|apos);/gu, (_, name: string) => ENTITIES[name] ?? "");

const attributesOf = (tag: string): Record<string, string> =>
  Object.fromEntries(
    [...tag.matchAll(/(?<![\w:.-])([\w:.-]{1,100})\s{0,20}=\s{0,20}(?:"([^"]*)"|'([^']*)')/gu)].map(
      ([, name = "", double, single]) => [name, decode(double ?? single ?? "")],
    ),
  );

/** All elements in the order in which they open; what is malformed ends the list. */
export const readXml = (text: string): XmlElement[] => {
  const elements: XmlElement[] = [];
  const open: XmlElement[] = [];
  let at = 0;
  while (at < text.length && elements.length < MAX_ELEMENTS) {
    const start = text.indexOf("<", at);
    const current = open.at(-1);
    if (current !== undefined) current.text += decode(text.slice(at, start === -1 ? text.length : start)).trim();
    if (start === -1) break;
    const skipped = text.startsWith("<!--", start) ? "-->" : text.startsWith("<![CDATA[", start) ? "]]>" : undefined;
    const close = text.indexOf(skipped ?? ">", start);
    if (close === -1) break;
    at = close + (skipped ?? ">").length;
    const tag = text.slice(start + 1, close);
    if (skipped !== undefined || tag.startsWith("!") || tag.startsWith("?")) continue;
    if (tag.startsWith("/")) {
      open.pop();
      continue;
    }
    const [, name = ""] = /^([\w:.-]{1,100})/u.exec(tag) ?? [];
    const element: XmlElement = { name, attributes: attributesOf(tag.slice(name.length)), parent: current, text: "" };
    elements.push(element);
    if (!tag.endsWith("/")) open.push(element);
    if (open.length > MAX_DEPTH) break;
  }
  return elements;
};

/** The text of the element's first child of that name. */
export const childText = (
  elements: readonly XmlElement[],
  parent: XmlElement | undefined,
  name: string,
): string | undefined => elements.find((element) => element.parent === parent && element.name === name)?.text;
