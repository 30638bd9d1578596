// Subordinate user ids of an ordinary user, without which no image can be built in a user namespace.
import { userInfo } from "node:os";
import { succeeds } from "./command.mjs";
import { isRoot } from "./checkout.mjs";
import { readIfThere } from "./recipe.mjs";
import { privilege } from "./system-packages.mjs";

/** The number that mmdebstrap needs and useradd assigns. */
const wanted = 65_536;
const lowest = 100_000;

/** @typedef {{ subuid: string, subgid: string }} IdFiles the texts of /etc/subuid and /etc/subgid */

function ranges(text) {
  return text.split("\n").flatMap((line) => {
    const [owner, first, count] = line.split(":");
    return count === undefined ? [] : [{ owner, first: Number(first), count: Number(count) }];
  });
}

/** Whether both files assign this user one range with enough ids.
 * @param {{ username: string, uid: number }} user
 * @param {IdFiles} files */
export function hasSubordinateIds({ username, uid }, { subuid, subgid }) {
  return [subuid, subgid].every((text) =>
    ranges(text).some(({ owner, count }) => (owner === username || owner === String(uid)) && count >= wanted),
  );
}

/** Arguments for usermod that assign this user ids which no user in the files has.
 * @param {string} username
 * @param {IdFiles} files
 * @returns {string[]} */
export function grantArguments(username, { subuid, subgid }) {
  const ends = [...ranges(subuid), ...ranges(subgid)].map(({ first, count }) => first + count);
  const first = Math.max(lowest, ...ends);
  const range = `${first}-${first + wanted - 1}`;
  return ["--add-subuids", range, "--add-subgids", range, username];
}

function readFiles() {
  return { subuid: readIfThere("/etc/subuid") ?? "", subgid: readIfThere("/etc/subgid") ?? "" };
}

/** The command with which an administrator can assign missing ids; undefined when none are missing.
 * @returns {string | undefined} */
export function missingSubordinateIds() {
  if (isRoot) return undefined;
  const user = userInfo();
  const files = readFiles();
  if (hasSubordinateIds(user, files)) return undefined;
  return `sudo usermod ${grantArguments(user.username, files).join(" ")}`;
}

/** Assigns ids to this user if it may use sudo. Returns the result of `missingSubordinateIds` afterwards.
 * @returns {Promise<string | undefined>} */
export async function ensureSubordinateIds() {
  const prefix = missingSubordinateIds() === undefined ? undefined : await privilege();
  const [program, ...rest] = prefix ?? [];
  if (program !== undefined) {
    const { username } = userInfo();
    await succeeds(program, [...rest, "usermod", ...grantArguments(username, readFiles())]);
  }
  return missingSubordinateIds();
}
