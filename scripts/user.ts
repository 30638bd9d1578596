/** `npm run atelier -- user …`: invitations, and accounts that are disabled and enabled again. */
import { parseArgs } from "node:util";
import process from "node:process";
import { openOperatorDatabase, type OperatorDatabase } from "./user/operator-database.ts";
import { disableUser, enableUser, inviteUser } from "./user/operations.ts";

const USAGE = `Usage: npm run atelier -- user <command>

  invite [--days N]      print a one-time link with which somebody makes an account (valid for 7 days)
  disable <email or id>  end the account's sign-ins, tickets and open sockets within a second, and refuse new ones
  enable <email or id>   let the account sign in again`;

const say = (text: string): void => void process.stdout.write(`${text}\n`);

class UsageFault extends Error {}

const pageAddress = (): string => {
  const { PUBLIC_URL, PORT, BASE_PATH } = process.env;
  return `${(PUBLIC_URL || `http://localhost:${PORT || "3000"}`).replace(/\/+$/u, "")}${BASE_PATH ?? ""}/`;
};

const run = async (database: OperatorDatabase): Promise<void> => {
  const { positionals, values } = parseArgs({
    args: process.argv.slice(2),
    allowPositionals: true,
    options: { days: { type: "string", default: "7" } },
  });
  const [command, who] = positionals;
  switch (command) {
    case "invite": {
      const days = Number(values.days);
      if (!Number.isInteger(days) || days < 1 || days > 365) throw new UsageFault("--days is a number from 1 to 365");
      say(`${pageAddress()}#invitation=${await inviteUser(database, days)}`);
      return;
    }
    case "disable":
    case "enable": {
      if (who === undefined) throw new UsageFault(`user ${command} needs an email address or an id`);
      const change = command === "disable" ? disableUser : enableUser;
      const changed = await change(database, who);
      if (changed === undefined) throw new UsageFault(`There is no account ${who}.`);
      say(`${changed.email ?? changed.name} is ${command}d.`);
      return;
    }
    default:
      throw new UsageFault(USAGE);
  }
};

try {
  await using database = await openOperatorDatabase(process.env);
  await run(database);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
