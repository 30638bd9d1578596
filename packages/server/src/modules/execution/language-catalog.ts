/** The languages of this server: their declarations, and which of them have an image to run in. */
import type { Clock, Timer } from "#kernel/clock";
import type { Log } from "#kernel/log";
import type { SandboxBlueprint } from "#platform/sandboxes";
import type { Image, ImageStore } from "#platform/sandboxes/images";
import type { Language } from "@atelier/contracts";
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

export type LanguageCatalogOptions = {
  readonly languagesFolder: string;
  readonly images: ImageStore;
  readonly clock: Clock;
  readonly log: Log;
  /** A language can run from now on. */
  readonly onReady: (language: ReadyLanguage) => void;
};

export interface LanguageCatalog {
  /** By id, alias or alias in other case. */
  find(
    name: string,
  ): { readonly declaration: LanguageDeclaration; readonly ready: ReadyLanguage | undefined } | undefined;
  /** @param runnable whether there is a sandbox provider at all */
  list(runnable: boolean): Language[];
  /** What this server can run, for inference. */
  environment(): Environment;
  /**
   * A sandbox that has the images of all these languages; of none: the one that every language's image contains.
   * @throws Problem execution/no-such-language, execution/language-not-ready
   */
  compose(ids: readonly string[]): { readonly kind: SandboxKind; readonly parts: readonly ReadyLanguage[] };
  /** Reads the declarations. @throws LanguageFault. */
  load(): Promise<void>;
  /** Looks for images now, and again until every language has one: often while the base is not there, which the others need too. */
  watch(): Promise<void>;
  stop(): void;
}

const LOOK_EVERY_MS = 2000;
const LOOK_FOR_LAYERS_EVERY_MS = 10_000;

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
}: LanguageCatalogOptions): LanguageCatalog => {
  let declarations: readonly LanguageDeclaration[] = [];
  const ready = new Map<string, ReadyLanguage>();
  const complained = new Set<string>();
  let timer: Timer | undefined;
  let stopped = false;

  const look = async (declaration: LanguageDeclaration): Promise<void> => {
    try {
      const image = await images.find(declaration.image);
      if (image === undefined || stopped) return;
      const language = makeReady(declaration, image);
      ready.set(declaration.id, language);
      log.info("language.ready", { language: declaration.id, version: language.version });
      onReady(language);
    } catch (error) {
      if (!complained.has(declaration.id)) log.error("language.image-unreadable", { language: declaration.id, error });
      complained.add(declaration.id);
    }
  };

  const watch = async (): Promise<void> => {
    for (const declaration of declarations) if (!ready.has(declaration.id)) await look(declaration);
    if (stopped || ready.size === declarations.length) return;
    timer = clock.after(ready.size === 0 ? LOOK_EVERY_MS : LOOK_FOR_LAYERS_EVERY_MS, () => void watch());
  };

  return {
    find(name) {
      const wanted = name.toLowerCase();
      const declaration = declarations.find(({ id, aliases }) => id === wanted || aliases.includes(wanted));
      return declaration === undefined ? undefined : { declaration, ready: ready.get(declaration.id) };
    },
    list: (runnable) =>
      declarations.map(({ id, name, version, image, extensions, aliases, capabilities, sample, sampleContent }) => ({
        id,
        name,
        version: ready.get(id)?.version ?? version,
        extensions: [...extensions],
        aliases: [...aliases],
        ready: runnable && ready.has(id),
        image: { id: image, state: ready.has(id) ? "ready" : "absent", bytes: ready.get(id)?.bytes ?? null },
        capabilities: [...capabilities],
        sample: { path: sample, content: sampleContent },
      })),
    environment: () => ({
      languages: declarations.map(({ id, name, extensions, tools }) => ({
        id,
        name,
        extensions,
        tools: [...(STANDARD_TOOLS[id] ?? []), ...tools],
      })),
    }),
    compose(ids) {
      const wanted = ids.length === 0 ? [SHELL] : ids;
      const parts = wanted.map((id) => {
        const declaration = declarations.find((one) => one.id === id);
        if (declaration === undefined) throw errors.noSuchLanguage(id);
        const found = ready.get(id);
        if (found === undefined) throw errors.languageNotReady(declaration.name);
        return found;
      });
      const [first, ...rest] = new Set(parts.flatMap(({ kind }) => kind.blueprint.mounts.layers));
      if (first === undefined) throw new Error("languages without an image");
      return { kind: kindOf([first, ...rest]), parts };
    },
    async load() {
      declarations = await loadLanguages(languagesFolder);
    },
    watch,
    stop() {
      stopped = true;
      timer?.cancel();
    },
  };
};
