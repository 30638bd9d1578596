/** The terminal, and what is opened from it: loaded together, so that a key after Find never reaches the program. */
export { mountTerminal } from "./terminal.ts";
export { ConsoleFind } from "./console-find.tsx";
export { ConsoleMenu } from "./console-menu.tsx";
