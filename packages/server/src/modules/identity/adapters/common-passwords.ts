/** Finds common passwords offline, in the list that zxcvbn contains. */
import type { PasswordRules } from "../ports.ts";

const TOO_COMMON = "Many people use this password, and attackers try it first. Choose another one.";
const FROM_THE_ACCOUNT = "The password consists of your name or email address. Choose another one.";
const TOO_EVEN = "The password repeats one or two characters. Choose another one.";

/** Digits and punctuation that people add to a common password. */
const DECORATION = /^[\d\W_]+|[\d\W_]+$/gu;
/** Shorter parts of a name or an address are ignored. */
const LEAST_PART = 4;

/** The list uses a few megabytes, so it is loaded when the first password is checked. */
const readCommon = async (): Promise<ReadonlySet<string>> => {
  const { dictionary } = await import("@zxcvbn-ts/language-common");
  return new Set(dictionary["passwords-common"].map(String));
};

export const createCommonPasswordRules = (read = readCommon): PasswordRules => {
  let common: Promise<ReadonlySet<string>> | undefined;
  return {
    async faultOf(password, { email, name }) {
      common ??= read();
      const list = await common;
      const lower = password.normalize("NFKC").toLowerCase();
      if (new Set(lower).size <= 2) return TOO_EVEN;
      const bare = lower.replaceAll(DECORATION, "");
      if (list.has(lower) || (bare.length > 0 && list.has(bare))) return TOO_COMMON;
      const parts = [...email.split(/[@.]/u), email, ...name.split(/\s+/u), name].map((part) => part.toLowerCase());
      const own = parts.filter((part) => part.length >= LEAST_PART);
      return own.includes(lower) || own.includes(bare) ? FROM_THE_ACCOUNT : undefined;
    },
  };
};
