/** Reads the boot JSON that the server put into the HTML; the page sends no request before it. */
import { BOOT_ELEMENT_ID, type Boot } from "@atelier/contracts";

const EMPTY: Boot = {
  version: 1,
  basePath: "",
  assetBaseUrl: "",
  guests: true,
  registration: "open",
  languages: [],
  tier: null,
  execution: { available: false, reason: "This page was opened without its server." },
};

/** The boot JSON of a document: this page, or one that was fetched. Without one (a bare file server), an empty page's. */
export const readBoot = (document: Document): Boot => {
  const text = document.querySelector(`#${BOOT_ELEMENT_ID}`)?.textContent;
  // The server that wrote this JSON wrote the page too: there is no second version to guard against.
  return text ? (JSON.parse(text) as Boot) : EMPTY;
};

/** Fetches a page's boot JSON, for a project that was reached without a navigation or without its cookie. */
export const fetchBoot = async (address: string): Promise<Boot> => {
  const response = await fetch(address, { headers: { accept: "text/html" }, credentials: "same-origin" });
  return readBoot(new DOMParser().parseFromString(await response.text(), "text/html"));
};
