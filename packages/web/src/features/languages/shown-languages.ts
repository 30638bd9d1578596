/** Which languages are offered at once; the others are in the list that can be searched. */
import type { Language } from "@atelier/contracts";

/** The server puts the samples of as many into the page. */
export const MOST_SHOWN = 6;

/** The first in their order, and the chosen one. */
export const shownLanguages = (languages: readonly Language[], chosen?: string): readonly Language[] => {
  const first = languages.slice(0, MOST_SHOWN);
  const further = languages.slice(MOST_SHOWN).filter(({ id }) => id === chosen);
  return [...first, ...further];
};
