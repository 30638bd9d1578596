/** The key of Run, as it is shown. */
export const RUN_KEYS = "Mod+Enter";
