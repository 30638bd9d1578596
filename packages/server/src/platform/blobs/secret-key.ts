/** The server's secret key, from which all keys of data at rest are derived: from SECRET_KEY, else generated once in the data folder. */
import { createHash, randomBytes } from "node:crypto";
import { chmod, link, mkdir, open, readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

const KEY_BYTES = 32;
const MIN_CHARACTERS = 32;

const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

const readKey = async (file: string): Promise<Buffer | undefined> => {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const key = Buffer.from(text.trim(), "hex");
  if (key.length !== KEY_BYTES) throw new Error(`${file} does not contain a key of ${KEY_BYTES} bytes in hex.`);
  return key;
};

/**
 * @param options.secretKey the setting SECRET_KEY: at least 32 characters of high entropy; absent: `<dataDir>/secret.key`.
 * @returns 32 bytes
 * @throws Error with a message of one line when the setting is too short or the file is damaged
 */
export const loadSecretKey = async (options: {
  readonly secretKey: string | undefined;
  readonly dataDir: string;
}): Promise<Uint8Array> => {
  if (options.secretKey !== undefined) {
    if (options.secretKey.length < MIN_CHARACTERS)
      throw new Error(`SECRET_KEY has less than ${MIN_CHARACTERS} characters.`);
    return createHash("sha256").update(`atelier secret key\n${options.secretKey}`).digest();
  }
  const file = join(options.dataDir, "secret.key");
  const known = await readKey(file);
  if (known !== undefined) {
    await chmod(file, 0o600);
    return known;
  }
  await mkdir(dirname(file), { recursive: true, mode: 0o711 });
  const partial = `${file}.${randomBytes(6).toString("hex")}`;
  const handle = await open(partial, "wx", 0o600);
  try {
    await handle.writeFile(`${randomBytes(KEY_BYTES).toString("hex")}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  // `link` never replaces a file: two servers that start at once both use the key that was written first.
  await link(partial, file).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
  await rm(partial);
  await syncFolder(dirname(file));
  const made = await readKey(file);
  if (made === undefined) throw new Error(`${file} could not be created.`);
  return made;
};
