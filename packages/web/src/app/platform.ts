/** Detects Apple's platforms, whose modifier keys differ. */

/** The Cmd key is used instead of Ctrl. */
export const isApple = /Mac|iPhone|iPad/u.test(navigator.platform);
