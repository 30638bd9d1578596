/** What kind of machine the page is on, as far as its keys differ. */

/** Cmd takes the place of Ctrl. */
export const isApple = /Mac|iPhone|iPad/u.test(navigator.platform);
