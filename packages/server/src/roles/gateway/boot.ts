/** Puts together what a page's first response carries: who visits, which program or project is in front of them. */
import type { Actor } from "#kernel/actor";
import type { Log } from "#kernel/log";
import type { PageRequest } from "#platform/http";
import {
  type Boot,
  type Entry,
  type Language,
  type Project,
  PROTOCOL_VERSION,
  type Registration,
  type Tier,
  type User,
} from "@atelier/contracts";

/** A project as its page shows it first. */
export type OpenedProject = {
  readonly project: Project;
  readonly entries: readonly Entry[];
  /** The file asked for, else the likeliest one; absent when there is none that can be shown as text. */
  readonly file?: NonNullable<Boot["file"]>;
};

/** What the address names, and the request that asks. */
export type AskedProject = {
  readonly slug: string;
  readonly filePath: string | undefined;
  readonly request: Pick<PageRequest["request"], "id" | "address">;
};

/** Where the page's data comes from; the composition root fills it in with the modules. */
export type PageSources = {
  languages(): readonly Language[];
  tier(): Tier;
  execution(): Boot["execution"];
  /** Looks at a refresh token without using it up. */
  findByRefreshToken(refreshToken: string): Promise<{ readonly actor: Actor; readonly user: User } | undefined>;
  /** undefined: no such project, or not for this visitor. Without an actor only what everybody may see is opened. */
  openProject(actor: Actor | undefined, asked: AskedProject): Promise<OpenedProject | undefined>;
};

export type BootOptions = {
  readonly basePath: string;
  readonly assetBaseUrl: string;
  readonly guests: boolean;
  readonly registration: Registration;
  readonly refreshCookie: string;
  readonly sources: PageSources;
  readonly log: Log;
};

export type BootMaker = {
  /** Everything but the project: no account is made and nothing is looked up for a visitor without a cookie. */
  forSample(request: PageRequest, language?: string): Promise<Boot>;
  forProject(request: PageRequest, slug: string): Promise<Boot>;
  plain(request: PageRequest): Promise<Boot>;
};

/** The page offers so many languages at once; it asks for the others' samples by their address. */
const SAMPLES = 6;

const withoutText = (language: Language): Language => ({ ...language, sample: { path: language.sample.path } });

export const createBootMaker = (options: BootOptions): BootMaker => {
  const { sources } = options;

  const visitor = async ({ request }: PageRequest) => {
    const token = request.cookies[options.refreshCookie];
    if (token === undefined || token === "") return undefined;
    return sources.findByRefreshToken(token);
  };
  const base = (user: User | undefined): Boot => ({
    version: PROTOCOL_VERSION,
    basePath: options.basePath,
    assetBaseUrl: options.assetBaseUrl,
    guests: options.guests,
    registration: options.registration,
    languages: sources.languages().map((language, at) => (at < SAMPLES ? language : withoutText(language))),
    tier: sources.tier(),
    execution: sources.execution(),
    ...(user === undefined ? {} : { user }),
  });
  /** The page comes also when the database does not: it says so itself, and editing offline goes on. */
  const orElse = async <T>(work: Promise<T>, instead: T): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      options.log.warn("page.boot-failed", { error });
      return instead;
    }
  };

  return {
    async forSample(request, language) {
      const boot = base((await orElse(visitor(request), undefined))?.user);
      // Behind a closed door there is nothing to try: the page asks for a sign-in.
      if (!options.guests && boot.user === undefined) return boot;
      const languages = sources.languages();
      const chosen =
        languages.find(
          ({ id, aliases }) => id === language || (language !== undefined && aliases.includes(language)),
        ) ?? languages[0];
      const { path, content } = chosen?.sample ?? {};
      if (chosen === undefined || path === undefined || content === undefined) return boot;
      return { ...boot, sample: { language: chosen.id, path, content } };
    },
    async forProject(request, slug) {
      const known = await orElse(visitor(request), undefined);
      // `?file=src/a.ts:12` also names a line, which the page goes to itself.
      const filePath = request.query.get("file")?.replace(/(?::\d+){1,2}$/u, "");
      const boot = base(known?.user);
      const failed = "failed" as const;
      const opened = await orElse<OpenedProject | undefined | typeof failed>(
        sources.openProject(known?.actor, { slug, filePath, request: request.request }),
        failed,
      );
      if (opened === failed) return boot;
      if (opened === undefined) return { ...boot, notFound: true };
      const { project, entries, file } = opened;
      return { ...boot, project, entries: [...entries], ...(file === undefined ? {} : { file }) };
    },
    plain: async (request) => base((await orElse(visitor(request), undefined))?.user),
  };
};
