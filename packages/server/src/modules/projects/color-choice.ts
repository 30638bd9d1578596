/**
 * Chooses colours among several nodes. One node chooses for a project: the one that has the home `colors/<project>`. Each node knows the
 * colours of its own connections; the chooser asks all nodes for them, and remembers its answers until they show there.
 */
import { PRESENCE_COLORS, type PresenceColor } from "@atelier/contracts";
import { z } from "zod";
import type { Clock, Timer } from "#kernel/clock";
import type { Log } from "#kernel/log";
import { within } from "#kernel/within";
import { type Home, type Homes, HomeTaken } from "#platform/homes";
import { askAll, type NodeCalls } from "#platform/links";
import { type ColorsInUse, pickColor } from "./pick-color.ts";

export type ColorChoiceNeeds = {
  readonly homes: Homes;
  readonly calls: NodeCalls;
  readonly clock: Clock;
  readonly log: Log;
};

export interface ColorChoice {
  /** Never rejects. */
  choose(projectId: string, userId: string): Promise<PresenceColor>;
}

const USED = "colors-in-use";
const CHOOSE = "colors-choose";
/** The longest wait for another node: a colour is not worth more. */
const ASK_MS = 2_000;
/** An answer counts as in use for this long, until its node names it. */
const REMEMBER_MS = 30_000;
/** How often a chooser without connections of its own gives the home up. */
const KEEP_HOME_MS = 60_000;
/** The chooser may change between the claim and the question. */
const TRIES = 3;

const ColorSchema = z.enum(PRESENCE_COLORS);
const ProjectSchema = z.strictObject({ projectId: z.string() });
const UsedSchema = z.strictObject({ used: z.array(z.tuple([z.string(), ColorSchema])) });
const UserSchema = z.strictObject({ projectId: z.string(), userId: z.string() });
/** null: this node does not choose for the project any more. */
const ChosenSchema = z.strictObject({ color: ColorSchema.nullable() });

type Chosen = { readonly color: PresenceColor; readonly untilMs: number };
/** A project for which this node chooses. */
type Chooser = { readonly home: Home; readonly answers: Map<string, Chosen>; timer?: Timer };

export const createColorChoice = (
  needs: ColorChoiceNeeds & { readonly inUse: (projectId: string) => ColorsInUse },
): ColorChoice => {
  const { homes, calls, clock, log, inUse } = needs;
  const choosers = new Map<string, Chooser>();
  /** Claims under way, of which a project has one at a time. */
  const claims = new Map<string, Promise<Home>>();

  const inUseElsewhere = async (projectId: string): Promise<(readonly [string, PresenceColor])[]> => {
    const answers = await askAll(needs, { name: USED, body: { projectId }, withinMs: ASK_MS });
    return answers.flatMap((answer) => UsedSchema.parse(answer).used);
  };

  const current = ({ answers }: Chooser): (readonly [string, PresenceColor])[] => {
    for (const [userId, { untilMs }] of answers) if (untilMs < clock.monotonic()) answers.delete(userId);
    return [...answers].map(([userId, { color }]) => [userId, color]);
  };

  const decide = async (projectId: string, userId: string): Promise<PresenceColor> => {
    const elsewhere = await inUseElsewhere(projectId);
    // Nothing waits from here to the end: of two decisions at once the second sees the first.
    const chooser = choosers.get(projectId);
    const answered = chooser === undefined ? [] : current(chooser);
    const color = pickColor(new Map([...elsewhere, ...inUse(projectId), ...answered]), userId);
    chooser?.answers.set(userId, { color, untilMs: clock.monotonic() + REMEMBER_MS });
    return color;
  };

  const claim = async (projectId: string): Promise<Home> => {
    const home = await homes.claim(`colors/${projectId}`, { waitMs: ASK_MS });
    const chooser: Chooser = { home, answers: new Map() };
    choosers.set(projectId, chooser);
    const look = (): void => {
      chooser.timer = clock.after(KEEP_HOME_MS, () => {
        if (inUse(projectId).size > 0 || current(chooser).length > 0) look();
        else void home.release();
      });
    };
    look();
    home.lost.addEventListener("abort", () => {
      chooser.timer?.cancel();
      if (choosers.get(projectId) === chooser) choosers.delete(projectId);
    });
    return home;
  };

  const becomeChooser = async (projectId: string): Promise<void> => {
    if (choosers.has(projectId)) return;
    const claiming = claims.get(projectId) ?? claim(projectId).finally(() => claims.delete(projectId));
    claims.set(projectId, claiming);
    await claiming;
  };

  /** undefined: the node that chose for the project does so no more. @throws what the claim or the question throws */
  const attempt = async (projectId: string, userId: string): Promise<PresenceColor | undefined> => {
    try {
      await becomeChooser(projectId);
    } catch (error) {
      if (!(error instanceof HomeTaken)) throw error;
      if (error.where.at === "node") {
        const answer = await within(clock, ASK_MS, calls.ask(error.where.node, CHOOSE, { projectId, userId }));
        return answer === undefined ? decide(projectId, userId) : (ChosenSchema.parse(answer).color ?? undefined);
      }
    }
    return decide(projectId, userId);
  };

  calls.answer(USED, async (body) => ({ used: [...inUse(ProjectSchema.parse(body).projectId)] }));
  calls.answer(CHOOSE, async (body) => {
    const { projectId, userId } = UserSchema.parse(body);
    return { color: choosers.has(projectId) ? await decide(projectId, userId) : null };
  });

  return {
    async choose(projectId, userId) {
      try {
        for (let tries = 0; tries < TRIES; tries += 1) {
          const color = await attempt(projectId, userId);
          if (color !== undefined) return color;
        }
      } catch (error) {
        log.warn("projects.color-not-shared", { projectId, error });
      }
      return pickColor(inUse(projectId), userId);
    },
  };
};
