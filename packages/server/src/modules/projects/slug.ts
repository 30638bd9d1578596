/** The readable name of a project in an address. */
import { randomBytes } from "node:crypto";

const MAX_LETTERS = 40;
const RANDOM_BYTES = 5;

/** Latin letters and digits of the name and a random end that makes it unique: `my-first-game-k3v9x2ab`. */
export const createSlug = (name: string): string => {
  const words = name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/\p{Mn}+/gu, "")
    .replace(/[^a-z0-9]+/gu, "-")
    .slice(0, MAX_LETTERS)
    .replace(/^-+|-+$/gu, "");
  const end = randomBytes(RANDOM_BYTES).toString("hex");
  return words === "" ? end : `${words}-${end}`;
};
