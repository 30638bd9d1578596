/** The languages of this server: their declarations, and which of them have an image to run in. */
import type { Clock, Timer } from "#kernel/clock";
import type { Log } from "#kernel/log";
import type { Image, ImageStore } from "#platform/sandboxes/images";
import type { Language } from "@atelier/contracts";
import { type LanguageDeclaration, loadLanguages } from "./languages/load-languages.ts";
import { SANDBOX_CEILING } from "./plan-limits.ts";
import type { SandboxKind } from "./warm-pool.ts";

export type ReadyLanguage = {
  readonly declaration: LanguageDeclaration;
  readonly version: string;
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
  /** Reads the declarations. @throws LanguageFault. */
  load(): Promise<void>;
  /** Looks for images now, and again until every language has one. */
  watch(): Promise<void>;
  stop(): void;
}

const LOOK_EVERY_MS = 2000;

/** `1:3.13.5-2+deb13u1` -> `3.13.5` */
const upstreamVersion = (debianVersion: string): string | undefined =>
  /^(?:\d+:)?(\d+(?:\.\d+)*)/u.exec(debianVersion)?.[1];

const makeReady = (declaration: LanguageDeclaration, image: Image): ReadyLanguage => {
  const { warmUp } = declaration;
  const resolved = upstreamVersion(image.versions[declaration.versionPackage] ?? "");
  return {
    declaration,
    version: resolved ?? declaration.version,
    kind: {
      key: JSON.stringify([image.root, warmUp ?? null]),
      blueprint: {
        ...SANDBOX_CEILING,
        mounts: { layers: [image.root] },
        network: "none",
        lifetime: "run",
        ...(warmUp === undefined ? {} : { warmUp }),
      },
    },
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
    if (!stopped && ready.size < declarations.length) timer = clock.after(LOOK_EVERY_MS, () => void watch());
  };

  return {
    find(name) {
      const wanted = name.toLowerCase();
      const declaration = declarations.find(({ id, aliases }) => id === wanted || aliases.includes(wanted));
      return declaration === undefined ? undefined : { declaration, ready: ready.get(declaration.id) };
    },
    list: (runnable) =>
      declarations.map(({ id, name, version, extensions, aliases, capabilities, sample, sampleContent }) => ({
        id,
        name,
        version: ready.get(id)?.version ?? version,
        extensions: [...extensions],
        aliases: [...aliases],
        ready: runnable && ready.has(id),
        capabilities: [...capabilities],
        sample: { path: sample, content: sampleContent },
      })),
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
