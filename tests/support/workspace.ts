/** A guest in a project of their own with given files, in a browser of their own: what most browser tests begin with. */
import type { Browser } from "playwright-core";
import type { Entry, Project, SignedIn } from "@atelier/contracts";
import { ApiError } from "./client.ts";
import { EditorPage } from "./editor-page.ts";
import { openProfile, type ProfileOptions } from "./profiles.ts";
import { PROJECT_SOCKET } from "./tap-channels.ts";

export type Workspace = AsyncDisposable & {
  readonly editor: EditorPage;
  readonly project: Project;
  /** The page's user's access token. */
  readonly token: string;
  /** Asks the API as the page's user. @throws ApiError for an error answer. */
  readonly call: (method: string, path: string, body?: unknown) => Promise<unknown>;
  /** Resolves when the page hears what others do in the project: until then it may miss something. */
  readonly listening: () => Promise<unknown>;
  /** Every path of the project, as the server has it. */
  readonly paths: () => Promise<string[]>;
};

export type WorkspaceOptions = ProfileOptions & {
  /** Path to content; a path with a slash at its end is a folder, a Buffer is sent as bytes. */
  readonly files: Readonly<Record<string, string | Buffer>>;
  /** Behind the project's address: `?file=main.py:3`. */
  readonly query?: string;
};

/** The smallest picture: a PNG of one pixel. */
export const PIXEL = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

/** Makes the files one after the other and opens the project. */
export const openWorkspace = async (
  browser: Browser,
  origin: string,
  { files, query = "", ...options }: WorkspaceOptions,
): Promise<Workspace> => {
  const profile = await openProfile(browser, options);
  const { context, page } = profile;
  // In the context, so that the page has the cookie.
  const answer = await context.request.post(`${origin}/api/auth/guest`);
  const { accessToken } = (await answer.json()) as SignedIn;
  const call: Workspace["call"] = async (method, path, body) => {
    const response = await fetch(`${origin}/api${path}`, {
      method,
      headers: {
        authorization: `Bearer ${accessToken}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new ApiError(response.status, text);
    return text === "" ? undefined : (JSON.parse(text) as unknown);
  };
  const project = (await call("POST", "/projects", { name: "Workshop" })) as Project;
  for (const [path, content] of Object.entries(files)) {
    if (path.endsWith("/")) await call("POST", `/projects/${project.id}/folders`, { path: path.slice(0, -1) });
    else if (typeof content === "string") await call("POST", `/projects/${project.id}/files`, { path, content });
    else {
      const body = { path, content: content.toString("base64"), encoding: "base64" };
      await call("POST", `/projects/${project.id}/files`, body);
    }
  }
  const editor = EditorPage.of(profile);
  const hello = page
    .waitForEvent("websocket", (socket) => PROJECT_SOCKET.test(socket.url()))
    .then((socket) => socket.waitForEvent("framereceived", ({ payload }) => payload.includes('"type":"hello"')));
  // A test that does not wait for it must not fail because of it.
  hello.catch(() => undefined);
  await page.goto(`${origin}/p/${project.slug}${query}`);
  return {
    editor,
    project,
    token: accessToken,
    call,
    listening: () => hello,
    paths: async () => {
      const { entries } = (await call("GET", `/projects/${project.id}/tree`)) as { entries: Entry[] };
      return entries.map(({ path }) => path).toSorted();
    },
    [Symbol.asyncDispose]: () => editor[Symbol.asyncDispose](),
  };
};
