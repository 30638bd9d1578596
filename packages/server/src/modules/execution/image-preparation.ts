/** A run whose images are not there waits until they are built, and says how far they are. */
import type { Log } from "#kernel/log";
import type { Bus } from "#platform/bus";
import { type ImageBuilds, ImageBuildFailed, type ImageProgress } from "#platform/sandboxes/images";
import type { LanguageCatalog, SandboxPlan } from "./language-catalog.ts";
import type { LiveExecution } from "./live-execution.ts";

export type ImagePreparationOptions = {
  /** Undefined: this server builds no images. */
  readonly builds: Pick<ImageBuilds, "build"> | undefined;
  readonly languages: Pick<LanguageCatalog, "look">;
  readonly bus: Pick<Bus, "publish">;
  readonly log: Log;
  /** Called after every move of the state but the last. */
  readonly moved: (live: LiveExecution) => void;
};

export interface ImagePreparation {
  /** Whether a run whose image is missing may be admitted. */
  readonly isPossible: boolean;
  /**
   * Resolves when the images are there, or when the execution has ended: stopped by its user, or because a build failed. The wait is in no
   * limit of the run, and it takes no slot of those that run.
   */
  prepare(live: LiveExecution, images: SandboxPlan["missing"]): Promise<void>;
}

export const createImagePreparation = ({
  builds,
  languages,
  bus,
  log,
  moved,
}: ImagePreparationOptions): ImagePreparation => {
  const build = async (
    live: LiveExecution,
    { image, language }: SandboxPlan["missing"][number],
    signal: AbortSignal,
  ): Promise<void> => {
    const { projectId } = live.facts;
    const progress = ({ percent, step }: ImageProgress): void => {
      if (!live.prepareImage({ id: image, language, percent: Math.floor(percent), step })) return;
      if (projectId === null) return;
      const event = { type: "image", id: image, percent: Math.floor(percent), step } as const;
      bus.publish("project-event", { projectId, event });
    };
    progress({ percent: 0, step: "waiting" });
    if (builds === undefined) throw new Error("this server builds no images");
    await builds.build(image, { signal, progress });
  };

  return {
    isPossible: builds !== undefined,
    async prepare(live, images) {
      if (live.advance({ status: "preparing" })) moved(live);
      const ended = new AbortController();
      void live.ended.then(() => ended.abort(new Error("the execution has ended")));
      try {
        for (const image of images) await build(live, image, ended.signal);
        await languages.look();
        live.prepareImage(undefined);
      } catch (error) {
        if (live.state.status === "ended") return;
        if (!(error instanceof ImageBuildFailed))
          log.error("execution.image-failed", { executionId: live.facts.id, error });
        live.failWithoutImage();
      }
    },
  };
};
