/** Finds elements by role, name and text; runs inside a page, so it uses nothing from outside of itself. */

export type Step =
  | { readonly kind: "css"; readonly css: string }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "first" }
  | {
      readonly kind: "role";
      readonly role: string;
      /** A regular expression if `flags` is set. */
      readonly name?: string;
      readonly flags?: string;
      readonly exact?: boolean;
    };

/** Each step searches inside the elements of the previous one. By role and by text it finds only visible elements. */
export const findElements = (steps: readonly Step[]): HTMLElement[] => {
  const implied: Readonly<Record<string, string>> = {
    button: "button, summary, input[type=button], input[type=submit]",
    dialog: "dialog",
    combobox: "select",
    textbox: "input:not([type]), input[type=text], input[type=email], textarea",
    list: "ul, ol",
    link: "a[href]",
  };
  const plain = (text: string): string => text.replaceAll(/\s+/gu, " ").trim();
  const isShown = (element: Element): boolean =>
    element.checkVisibility({ visibilityProperty: true }) && element.getClientRects().length > 0;
  const textOf = (node: Node): string => {
    if (node.nodeType === Node.TEXT_NODE) return node.textContent ?? "";
    if (!(node instanceof Element) || node.getAttribute("aria-hidden") === "true") return "";
    return node.getAttribute("aria-label") ?? [...node.childNodes].map(textOf).join("");
  };
  const nameOf = (element: Element): string => {
    const labels = element.getAttribute("aria-labelledby")?.split(/\s+/u) ?? [];
    const labelled = labels.map((id) => document.getElementById(id)?.textContent ?? "").join(" ");
    if (plain(labelled) !== "") return plain(labelled);
    const own = element.getAttribute("aria-label");
    if (own !== null) return plain(own);
    const forField = "labels" in element ? [...((element.labels as NodeListOf<Element> | null) ?? [])] : [];
    if (forField.length > 0) return plain(forField.map(textOf).join(" "));
    return plain([...element.childNodes].map(textOf).join("")) || plain(element.getAttribute("title") ?? "");
  };
  const hasName = (element: Element, step: { name?: string; flags?: string; exact?: boolean }): boolean => {
    if (step.name === undefined) return true;
    const name = nameOf(element);
    if (step.flags !== undefined) return new RegExp(step.name, step.flags).test(name);
    return step.exact === true ? name === step.name : name.toLowerCase().includes(step.name.toLowerCase());
  };
  const inside = (root: ParentNode, step: Step): Element[] => {
    if (step.kind === "css") return [...root.querySelectorAll(step.css)];
    if (step.kind === "text") {
      const has = (element: Element): boolean => plain(element.textContent).includes(step.text);
      return [...root.querySelectorAll("*")].filter(
        (element) => has(element) && ![...element.children].some(has) && isShown(element),
      );
    }
    if (step.kind === "first") return [];
    const native = implied[step.role];
    const css = `[role=${step.role}]${native === undefined ? "" : `, :is(${native}):not([role])`}`;
    return [...root.querySelectorAll(css)].filter((element) => isShown(element) && hasName(element, step));
  };
  let found: ParentNode[] = [document];
  for (const step of steps) {
    if (step.kind === "first") found = found.slice(0, 1);
    else found = [...new Set(found.flatMap((root) => inside(root, step)))];
  }
  return found as HTMLElement[];
};
