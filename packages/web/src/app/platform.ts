/** Which kind of machine the page runs on, as far as its keys differ. */

/** The Cmd key is used instead of Ctrl. */
export const isApple = /Mac|iPhone|iPad/u.test(navigator.platform);
