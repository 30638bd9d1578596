/** The width below which the page shows one pane, and one group of the editor; the same as in the style sheets. */

export const narrowWindow = (): MediaQueryList => matchMedia("(max-width: 759px)");
