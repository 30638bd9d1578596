/** The languages of this server: their declarations, and which of them have an image to run in. */
import type { Clock, Timer } from "#kernel/clock";
import type { Log } from "#kernel/log";
import type { SandboxBlueprint } from "#platform/sandboxes";
import type { Image, ImageProgress, ImageStore } from "#platform/sandboxes/images";
import type { Language } from "@atelier/contracts";
import { createErrorFinder, type ErrorFinder, type ErrorPatterns } from "@atelier/contracts/error-positions";
import { type Environment, STANDARD_TOOLS } from "@atelier/run-configurations";
import * as errors from "./errors.ts";
import { type LanguageDeclaration, loadLanguages } from "./languages/load-languages.ts";
import { SANDBOX_CEILING } from "./plan-limits.ts";
import type { SandboxKind } from "./warm-pool.ts";

export type ReadyLanguage = {
  readonly declaration: LanguageDeclaration;
  readonly version: string;
  /** What the language's layer takes on disk; null: not known. */
  readonly bytes: number | null;
  readonly kind: SandboxKind;
};

/** A language that is known here, whether its image is there or not. */
export type KnownLanguage = {
  readonly declaration: LanguageDeclaration;
  /** The image's; that of the declaration while there is no image. */
  readonly version: string;
};

export type MissingImage = { readonly image: string; readonly languages: readonly string[] };

/** The sandbox of a run whose images may have to be built first. */
export type SandboxPlan = {
  /** The images that are not there, each once, with the name of a language that needs it. */
  readonly missing: readonly { readonly image: string; readonly language: string }[];
  /** Of the images as they are at the call. @throws Problem execution/language-not-ready while one is missing */
  kind(): SandboxKind;
};

export type LanguageCatalogOptions = {
  readonly languagesFolder: string;
  readonly images: Pick<ImageStore, "find" | "markUsed">;
  readonly clock: Clock;
  readonly log: Log;
  /** A language can run from now on; or its image was built again, and the sandboxes of `replaced` are old. */
  readonly onReady: (language: ReadyLanguage, replaced?: SandboxKind) => void;
  /** Its image is not there any more. */
  readonly onGone: (kind: SandboxKind) => void;
  /** How far the build of an image is; undefined: it is not being built. */
  readonly progressOf: (image: string) => ImageProgress | undefined;
};

export interface LanguageCatalog {
  /** By id, alias or alias in other case. */
  find(name: string): KnownLanguage | undefined;
  /** The sandbox in which files of a language run. */
  sandboxOf(language: KnownLanguage): SandboxPlan;
  /** @param runnable whether there is a sandbox provider at all */
  list(runnable: boolean): Language[];
  /** What this server can run, for inference. */
  environment(): Environment;
  /**
   * A sandbox that has the images of all these languages; of none: the one that every language's image contains.
   * @throws Problem execution/no-such-language
   */
  compose(ids: readonly string[]): { readonly sandbox: SandboxPlan; readonly parts: readonly KnownLanguage[] };
  /** By the patterns of all languages. */
  errorFinder(): ErrorFinder;
  /** The images that are missing, those of the first languages first. */
  missingImages(): MissingImage[];
  /** Reads the declarations. @throws LanguageFault. */
  load(): Promise<void>;
  /** Looks for images now, and again at intervals: for those that are missing, and for newer builds of the others. */
  watch(): Promise<void>;
  /** Looks for images now. */
  look(): Promise<void>;
  stop(): void;
}

/** While there is no image at all: the base is being built. */
const LOOK_EVERY_MS = 2000;
/** For images that another process builds or builds again. */
const LOOK_SELDOM_MS = 10_000;

/** `1:3.13.5-2+deb13u1` -> `3.13.5` */
const upstreamVersion = (debianVersion: string): string | undefined =>
  /^(?:\d+:)?(\d+(?:\.\d+)*)/u.exec(debianVersion)?.[1];

/** The language whose image is enough for a command that names no other. */
const SHELL = "bash";

const kindOf = (layers: SandboxBlueprint["mounts"]["layers"], warmUp?: readonly string[]): SandboxKind => ({
  key: JSON.stringify([...layers, warmUp ?? null]),
  blueprint: {
    ...SANDBOX_CEILING,
    mounts: { layers },
    network: "none",
    lifetime: "run",
    ...(warmUp === undefined ? {} : { warmUp }),
  },
});

const makeReady = (declaration: LanguageDeclaration, image: Image): ReadyLanguage => {
  const { warmUp } = declaration;
  const resolved = upstreamVersion(image.versions[declaration.versionPackage] ?? "");
  return {
    declaration,
    version: resolved ?? declaration.version,
    bytes: image.bytes,
    kind: kindOf(image.layers, warmUp),
  };
};

export const createLanguageCatalog = ({
  languagesFolder,
  images,
  clock,
  log,
  onReady,
  onGone,
  progressOf,
}: LanguageCatalogOptions): LanguageCatalog => {
  let declarations: readonly LanguageDeclaration[] = [];
  let finder = createErrorFinder({});
  const ready = new Map<string, ReadyLanguage>();
  const complained = new Set<string>();
  let timer: Timer | undefined;
  let stopped = false;

  /** Its image was removed: the next run has it built again. */
  const forget = ({ id }: LanguageDeclaration): void => {
    const gone = ready.get(id);
    if (gone === undefined) return;
    ready.delete(id);
    log.info("language.image-gone", { language: id });
    onGone(gone.kind);
  };

  const lookFor = async (declaration: LanguageDeclaration): Promise<void> => {
    try {
      const image = await images.find(declaration.image);
      if (stopped) return;
      if (image === undefined) {
        forget(declaration);
        return;
      }
      const language = makeReady(declaration, image);
      const before = ready.get(declaration.id);
      if (before?.kind.key === language.kind.key) return;
      ready.set(declaration.id, language);
      log.info("language.ready", { language: declaration.id, version: language.version });
      onReady(language, before?.kind);
    } catch (error) {
      if (!complained.has(declaration.id)) log.error("language.image-unreadable", { language: declaration.id, error });
      complained.add(declaration.id);
    }
  };

  const look = async (): Promise<void> => {
    for (const declaration of declarations) await lookFor(declaration);
  };

  const watch = async (): Promise<void> => {
    await look();
    if (!stopped) timer = clock.after(ready.size === 0 ? LOOK_EVERY_MS : LOOK_SELDOM_MS, () => void watch());
  };

  const known = (declaration: LanguageDeclaration): KnownLanguage => ({
    declaration,
    version: ready.get(declaration.id)?.version ?? declaration.version,
  });

  const requireReady = ({ id, name }: LanguageDeclaration): ReadyLanguage => {
    const found = ready.get(id);
    if (found === undefined) throw errors.languageNotReady(name);
    return found;
  };

  /** Of a program that starts now. */
  const startWith = (declaration: LanguageDeclaration): ReadyLanguage => {
    const found = requireReady(declaration);
    void images.markUsed(found.kind.blueprint.mounts);
    return found;
  };

  const missingOf = (wanted: readonly LanguageDeclaration[]): SandboxPlan["missing"] => {
    const names = new Map<string, string>();
    for (const { id, image, name } of wanted) if (!ready.has(id) && !names.has(image)) names.set(image, name);
    return [...names].map(([image, language]) => ({ image, language }));
  };

  const imageOf = ({ id, image }: LanguageDeclaration): Language["image"] => {
    const progress = progressOf(image);
    const state = ready.has(id) ? "ready" : progress === undefined ? "absent" : "building";
    return {
      id: image,
      state,
      bytes: ready.get(id)?.bytes ?? null,
      ...(state === "building" && progress !== undefined ? { percent: progress.percent, step: progress.step } : {}),
    };
  };

  return {
    find(name) {
      const wanted = name.toLowerCase();
      const declaration = declarations.find(({ id, aliases }) => id === wanted || aliases.includes(wanted));
      return declaration && known(declaration);
    },
    sandboxOf: ({ declaration }) => ({
      missing: missingOf([declaration]),
      kind: () => startWith(declaration).kind,
    }),
    list: (runnable) =>
      declarations.map((declaration) => {
        const { id, name, extensions, aliases, capabilities, sample, sampleContent } = declaration;
        return {
          id,
          name,
          version: known(declaration).version,
          extensions: [...extensions],
          aliases: [...aliases],
          ready: runnable && ready.has(id),
          image: imageOf(declaration),
          capabilities: [...capabilities],
          sample: { path: sample, content: sampleContent },
        };
      }),
    environment: () => ({
      languages: declarations.map(({ id, name, extensions, tools }) => ({
        id,
        name,
        extensions,
        tools: [...(STANDARD_TOOLS[id] ?? []), ...tools],
      })),
    }),
    compose(ids) {
      const wanted = (ids.length === 0 ? [SHELL] : ids).map((id) => {
        const declaration = declarations.find((one) => one.id === id);
        if (declaration === undefined) throw errors.noSuchLanguage(id);
        return declaration;
      });
      const kind = (): SandboxKind => {
        const parts = wanted.map(startWith);
        const [first, ...rest] = new Set(parts.flatMap((part) => part.kind.blueprint.mounts.layers));
        if (first === undefined) throw new Error("languages without an image");
        return kindOf([first, ...rest]);
      };
      return { sandbox: { missing: missingOf(wanted), kind }, parts: wanted.map(known) };
    },
    missingImages: () =>
      missingOf(declarations.toSorted((a, b) => a.order - b.order)).map(({ image }) => ({
        image,
        languages: declarations.filter((one) => one.image === image).map(({ id }) => id),
      })),
    errorFinder: () => finder,
    async load() {
      declarations = await loadLanguages(languagesFolder);
      const patterns: [string, ErrorPatterns[string]][] = declarations.map(
        ({ id, errors: own, extensions, editor }) => [
          id,
          { ...own, extensions: [...extensions, ...editor.moreExtensions] },
        ],
      );
      finder = createErrorFinder(Object.fromEntries(patterns));
    },
    watch,
    look,
    stop() {
      stopped = true;
      timer?.cancel();
    },
  };
};
