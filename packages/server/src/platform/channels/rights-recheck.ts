/**
 * Checks the rights and sign-ins of open sockets again, at least once a minute and when bus messages may have been lost: the bus only
 * reports a change sooner.
 */
import type { Role } from "@atelier/contracts";
import type { Clock, Timer } from "#kernel/clock";
import type { Component } from "#kernel/lifecycle";
import type { Log } from "#kernel/log";
import { SetIndex } from "#kernel/set-index";
import type { Bus } from "#platform/bus";

/** With the time that a round takes, each socket is checked once a minute. */
export const ROUND_EVERY_MS = 50_000;
/** Limit of concurrent look-ups, so that a round does not delay requests. */
const AT_ONCE = 8;
const SIGN_INS_A_QUERY = 500;

/** An open socket that depends on rights. */
export type RightsHolder = {
  readonly userId: string;
  readonly signInId: string;
  /** null: it depends on the sign-in alone. */
  readonly projectId: string | null;
  /**
   * The role may have changed: the socket looks it up itself. Also called at the first check after `watch`.
   * @param change the same object for all sockets that one change concerns
   */
  rightsChanged(change: object): void;
  signedOut(): void;
};

export type RightsRecheck = Component & {
  /** @returns a function to call when the socket closes */
  watch(holder: RightsHolder): () => void;
};

export type RightsRecheckNeeds = {
  roleOf(userId: string, projectId: string): Promise<Role | undefined>;
  /** The sign-ins of the list that have ended, or whose account is disabled. */
  endedSignIns(signInIds: readonly string[]): Promise<readonly string[]>;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Log;
};

/** The sockets of one user in one project, and the role that all of them are known to have; "unknown": they may differ. */
type Member = {
  readonly userId: string;
  readonly projectId: string;
  role: Role | undefined | "unknown";
  /** Counts events that may have made `role` outdated during a look-up. */
  changes: number;
  readonly holders: Set<RightsHolder>;
};

const keyOf = (projectId: string, userId: string): string => `${projectId}/${userId}`;

export const createRightsRecheck = (needs: RightsRecheckNeeds): RightsRecheck => {
  const { bus, clock, log } = needs;
  const members = new Map<string, Member>();
  const byProject = new SetIndex<string, Member>();
  const bySignIn = new SetIndex<string, RightsHolder>();
  const signInIds = new Set<string>();
  let timer: Timer | undefined;
  let isStopped = false;
  let isFailing = false;
  let round: Promise<void> | undefined;
  let isAnotherDue = false;
  const stops: (() => void)[] = [];

  const doubt = (member: Member): void => {
    member.role = "unknown";
    member.changes += 1;
  };

  const checkMember = async (member: Member): Promise<void> => {
    const { changes } = member;
    const role = await needs.roleOf(member.userId, member.projectId);
    const isSame = role === member.role;
    if (changes === member.changes) member.role = role;
    if (isSame) return;
    const told = [...member.holders];
    const change = {};
    for (const holder of told) holder.rightsChanged(change);
  };

  const checkSignIns = async (ids: readonly string[]): Promise<void> => {
    const ended = await needs.endedSignIns(ids);
    const told = ended.flatMap((id) => [...bySignIn.get(id)]);
    for (const holder of told) holder.signedOut();
  };

  const checkAll = async (): Promise<void> => {
    const ids = [...signInIds];
    const work: (() => Promise<void>)[] = [...members.values()].map((member) => () => checkMember(member));
    for (let at = 0; at < ids.length; at += SIGN_INS_A_QUERY)
      work.unshift(() => checkSignIns(ids.slice(at, at + SIGN_INS_A_QUERY)));
    const waiting = work.values();
    let failure: { readonly error: unknown } | undefined;
    const lane = async (): Promise<void> => {
      for (const check of waiting)
        await check().catch((error: unknown) => {
          failure = { error };
        });
    };
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
    // While the database is unavailable no rights change; the sockets stay open, and are checked when it is available again.
    if (failure !== undefined && !isFailing) log.warn("channel.rights-not-rechecked", failure);
    isFailing = failure !== undefined;
  };

  /** Runs one round at a time; after a gap during a round another one follows. */
  const check = (): void => {
    isAnotherDue = round !== undefined;
    timer?.cancel();
    round ??= checkAll().then(() => {
      round = undefined;
      if (isStopped) return;
      if (isAnotherDue) check();
      else timer = clock.after(ROUND_EVERY_MS, check);
    });
  };

  const forgetMember = (member: Member, holder: RightsHolder): void => {
    member.holders.delete(holder);
    if (member.holders.size > 0) return;
    members.delete(keyOf(member.projectId, member.userId));
    byProject.delete(member.projectId, member);
  };

  const watchMember = (holder: RightsHolder, projectId: string): (() => void) => {
    const key = keyOf(projectId, holder.userId);
    let member = members.get(key);
    if (member === undefined) {
      member = { userId: holder.userId, projectId, role: "unknown", changes: 0, holders: new Set() };
      members.set(key, member);
      byProject.add(projectId, member);
    }
    doubt(member);
    member.holders.add(holder);
    const own = member;
    return () => forgetMember(own, holder);
  };

  return {
    name: "recheck of rights",
    async start() {
      stops.push(
        // Another socket of the same user may have missed the message.
        bus.subscribe("rights-changed", ({ projectId, userId }) => {
          const member = userId === undefined ? undefined : members.get(keyOf(projectId, userId));
          if (member !== undefined) doubt(member);
          else if (userId === undefined) for (const each of byProject.get(projectId)) doubt(each);
        }),
        bus.subscribe("messages-lost", check),
      );
      timer = clock.after(ROUND_EVERY_MS, check);
    },
    watch(holder) {
      const { projectId, signInId } = holder;
      bySignIn.add(signInId, holder);
      signInIds.add(signInId);
      const endMember = projectId === null ? undefined : watchMember(holder, projectId);
      return () => {
        endMember?.();
        bySignIn.delete(signInId, holder);
        if (bySignIn.get(signInId).size === 0) signInIds.delete(signInId);
      };
    },
    async [Symbol.asyncDispose]() {
      isStopped = true;
      timer?.cancel();
      for (const stop of stops) stop();
      await round;
    },
  };
};
