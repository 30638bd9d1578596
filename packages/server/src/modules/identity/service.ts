/** The rules of identity: guests, registration, sign-in, refresh and logout. SPEC.md numbers them. */
import type { Actor } from "#kernel/actor";
import type { Clock } from "#kernel/clock";
import { createId } from "#kernel/ids";
import type { Component } from "#kernel/lifecycle";
import type { Log } from "#kernel/log";
import type { Bus } from "#platform/bus";
import { isUniqueViolation, type Sql, type Transaction } from "#platform/sql";
import type { Me, Registration as RegistrationPolicy, User } from "@atelier/contracts";
import { ACCESS_TOKEN_SECONDS, createAccessTokens } from "./access-tokens.ts";
import * as accounts from "./accounts.ts";
import { createActors } from "./actors.ts";
import { createAdminToken, takeAdminToken } from "./admin-link.ts";
import { watchDisabledAccounts } from "./disabled-accounts.ts";
import * as errors from "./errors.ts";
import { createGuestName } from "./guest-names.ts";
import type { Identity } from "./identity.ts";
import { takeInvitation } from "./invitations.ts";
import type { AccountUsage, PasswordRules, Passwords } from "./ports.ts";
import { createRefreshTokens } from "./refresh-tokens.ts";
import * as signIns from "./sign-ins.ts";
import { insertTicket, takeTicket } from "./tickets.ts";
import { createWrongPasswords } from "./wrong-passwords.ts";

export type IdentityNeeds = {
  readonly sql: Sql;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Log;
  readonly passwords: Passwords;
  readonly usage: AccountUsage;
  /** The installation's secret key, 32 bytes or more. */
  readonly secretKey: Uint8Array;
  readonly guests: boolean;
  readonly registration: RegistrationPolicy;
  readonly passwordRules: PasswordRules;
};

/** The response of a sign-in route, and the refresh token for the cookie. */
export type SignedIn = {
  readonly user: User;
  readonly accessToken: string;
  readonly expiresIn: number;
  readonly refreshToken: string;
};
type NewPerson = { readonly email: string; readonly password: string; readonly name: string };
type Registration = NewPerson & { readonly invitation?: string | undefined };

export type IdentityService = Identity &
  Component & {
    signInAsGuest(): Promise<SignedIn>;
    /**
     * @param caller a guest's row becomes the account; all others get a new row
     * @throws Problem identity/registration-closed, identity/invitation-invalid, identity/weak-password, identity/email-taken
     */
    register(registration: Registration, caller: Actor | undefined): Promise<SignedIn>;
    /** @param address delays after wrong passwords are per account and address */
    login(credentials: { readonly email: string; readonly password: string }, address: string): Promise<SignedIn>;
    refresh(refreshToken: string): Promise<SignedIn>;
    /** Ends the sign-in of the refresh token, or else of the access token; does nothing for invalid tokens. */
    logout(given: { readonly refreshToken?: string; readonly accessToken?: string }): Promise<Actor | undefined>;
    createTicket(actor: Actor): Promise<string>;
    me(actor: Actor): Promise<Me>;
    updateMe(
      actor: Actor,
      change: { readonly name?: string | undefined; readonly avatar?: string | undefined },
    ): Promise<Me>;
    settings(actor: Actor): Promise<accounts.Settings>;
    putSettings(actor: Actor, settings: accounts.Settings): Promise<void>;
    /** The token of the one-time administrator link; undefined once there is an administrator. */
    createAdminLink(): Promise<string | undefined>;
    adminSignIn(token: string, person: NewPerson): Promise<SignedIn>;
    /** Resolves after the next look for disabled accounts; for tests. */
    lookForDisabled(): Promise<void>;
  };

export const createIdentity = (needs: IdentityNeeds): IdentityService => {
  const { sql, bus, clock, log, passwords } = needs;
  const accessTokens = createAccessTokens(needs.secretKey, clock);
  const refreshTokens = createRefreshTokens(needs.secretKey);
  const wrongPasswords = createWrongPasswords(clock);
  const within = <T>(work: (transaction: Transaction) => Promise<T>): Promise<T> =>
    sql.transaction({ role: "identity" }, work);
  const actors = createActors(clock, (signInId) =>
    within(async (transaction) => {
      const user = await signIns.findSignedIn(transaction, signInId, clock.now());
      return user === undefined ? undefined : signIns.toActor(user, signInId);
    }),
  );
  let unknownUserHash: Promise<string> | undefined;
  let unsubscribe: (() => void) | undefined;

  const answer = async (user: User, signInId: string, refreshToken: string): Promise<SignedIn> => ({
    user,
    accessToken: await accessTokens.issue({ userId: user.id, signInId }),
    expiresIn: ACCESS_TOKEN_SECONDS,
    refreshToken,
  });
  const startSignIn = async (transaction: Transaction, user: User): Promise<SignedIn> => {
    const nowMs = clock.now();
    const id = createId(nowMs);
    const token = refreshTokens.create(id);
    await signIns.insertSignIn(transaction, { id, userId: user.id, hash: refreshTokens.hash(token), nowMs });
    return answer(user, id, token);
  };
  const newAccount = async (person: NewPerson, isAdmin: boolean) => {
    const fault = await needs.passwordRules.faultOf(person.password, person);
    if (fault !== undefined) throw errors.weakPassword(fault);
    return {
      id: createId(clock.now()),
      name: person.name,
      createdAt: new Date(clock.now()),
      registered: { email: person.email, passwordHash: await passwords.hash(person.password), isAdmin },
    };
  };
  /** Runs in the transaction that creates the account, so that a rollback keeps the invitation valid. */
  const admitRegistration = async (transaction: Transaction, { invitation }: Registration): Promise<void> => {
    if (needs.registration !== "invite") return;
    const isTaken = invitation !== undefined && (await takeInvitation(transaction, invitation, clock.now()));
    if (!isTaken) throw errors.invitationInvalid();
  };
  const refuseTakenEmail = (error: unknown): never => {
    throw isUniqueViolation(error) ? errors.emailTaken() : error;
  };
  const end = async (transaction: Transaction, signInId: string): Promise<void> => {
    await signIns.endSignIn(transaction, signInId, clock.now());
  };
  const announceEnd = (signInId: string): void => {
    actors.forgetSignIn(signInId);
    bus.publish("sign-in-ended", { signInId });
  };
  const disabled = watchDisabledAccounts({
    within,
    clock,
    log,
    onDisabled(userId, signInIds) {
      actors.forgetUser(userId);
      for (const id of signInIds) announceEnd(id);
    },
  });
  const describe = async (user: User): Promise<Me> => ({
    ...user,
    limits: needs.usage.limitsOf(user.plan),
    usage: await needs.usage.usageOf(user.id),
  });

  return {
    name: "identity",
    async start() {
      unsubscribe = bus.subscribe("sign-in-ended", ({ signInId }) => actors.forgetSignIn(signInId));
      disabled.start();
    },
    async [Symbol.asyncDispose]() {
      unsubscribe?.();
      await disabled.stop();
    },
    lookForDisabled: () => disabled.look(),

    async signInAsGuest() {
      if (!needs.guests) throw errors.guestsClosed();
      const account = { id: createId(clock.now()), name: createGuestName(), createdAt: new Date(clock.now()) };
      return within(async (transaction) =>
        startSignIn(transaction, await accounts.insertAccount(transaction, account)),
      );
    },
    async register(registration, caller) {
      if (needs.registration === "off") throw errors.registrationClosed();
      // Checked before the password is hashed, which is expensive: a caller without an invitation could otherwise cause many hashes.
      if (needs.registration === "invite" && registration.invitation === undefined) throw errors.invitationInvalid();
      const account = await newAccount(registration, false);
      if (caller?.kind !== "guest") {
        return within(async (transaction) => {
          await admitRegistration(transaction, registration);
          return startSignIn(transaction, await accounts.insertAccount(transaction, account));
        }).catch(refuseTakenEmail);
      }
      const adopted = await within(async (transaction) => {
        await admitRegistration(transaction, registration);
        const { email, passwordHash } = account.registered;
        const guest = { id: caller.userId, name: account.name, email, passwordHash };
        const user = await accounts.adoptGuest(transaction, guest);
        if (user === undefined) throw errors.tokenInvalid();
        const token = refreshTokens.create(caller.signInId);
        const hash = refreshTokens.hash(token);
        await signIns.replaceToken(transaction, { id: caller.signInId, hash, nowMs: clock.now() });
        return { user, token };
      }).catch(refuseTakenEmail);
      actors.forgetUser(caller.userId);
      return answer(adopted.user, caller.signInId, adopted.token);
    },
    async login(credentials, address) {
      const right = wrongPasswords.begin(credentials.email, address);
      const found = await within((transaction) => accounts.findCredentials(transaction, credentials.email));
      // The time of the response must not reveal whether the account exists.
      unknownUserHash ??= passwords.hash(createId());
      const verified = await passwords.verify(found?.passwordHash ?? (await unknownUserHash), credentials.password);
      if (found === undefined || !verified) throw errors.wrongCredentials(found?.user.id);
      right();
      return within((transaction) => startSignIn(transaction, found.user));
    },
    async refresh(token) {
      const signInId = refreshTokens.signInOf(token);
      if (signInId === undefined) throw errors.refreshInvalid();
      const rotation = await within((transaction) =>
        signIns.rotate(transaction, refreshTokens, { signInId, token, nowMs: clock.now() }),
      );
      if (rotation.kind === "rotated") return answer(rotation.user, signInId, rotation.token);
      if (rotation.kind === "reused") {
        log.warn("identity.refresh-reused", { signInId });
        announceEnd(signInId);
        throw errors.refreshReused(rotation.userId);
      }
      throw errors.refreshInvalid();
    },
    async logout({ refreshToken, accessToken }) {
      let signInId = refreshToken === undefined ? undefined : refreshTokens.signInOf(refreshToken);
      if (signInId === undefined && accessToken !== undefined) {
        const claims = await accessTokens.verify(accessToken).catch(() => undefined);
        signInId = claims?.signInId;
      }
      if (signInId === undefined) return undefined;
      const id = signInId;
      const user = await within(async (transaction) => {
        const holder = await signIns.findSignedIn(transaction, id, clock.now());
        await end(transaction, id);
        return holder;
      });
      announceEnd(id);
      return user === undefined ? undefined : signIns.toActor(user, id);
    },

    async authenticateToken(accessToken) {
      const claims = await accessTokens.verify(accessToken);
      const actor = await actors.get(claims.signInId);
      if (actor === undefined || actor.userId !== claims.userId) throw errors.tokenInvalid();
      return actor;
    },
    createTicket: ({ userId, signInId }) =>
      within((transaction) => insertTicket(transaction, { userId, signInId, nowMs: clock.now() })),
    async redeemTicket(ticket) {
      const holder = await within((transaction) => takeTicket(transaction, ticket, clock.now()));
      const actor = holder === undefined ? undefined : await actors.get(holder.signInId);
      if (actor === undefined) throw errors.ticketInvalid();
      return actor;
    },
    actorOf: (signInId) => actors.get(signInId),
    endedSignIns: (ids) => within((transaction) => signIns.findEnded(transaction, ids, clock.now())),
    async findByRefreshToken(token) {
      const signInId = refreshTokens.signInOf(token);
      if (signInId === undefined) return undefined;
      const given = { hash: refreshTokens.hash(token), nowMs: clock.now() };
      const user = await within((transaction) => signIns.findHolder(transaction, signInId, given));
      return user === undefined ? undefined : { user, actor: signIns.toActor(user, signInId) };
    },

    async me(actor) {
      const user = await within((transaction) => accounts.findAccount(transaction, actor.userId));
      if (user === undefined) throw errors.tokenInvalid();
      return describe(user);
    },
    async updateMe(actor, change) {
      const user = await within((transaction) => accounts.updateAccount(transaction, actor.userId, change));
      if (user === undefined) throw errors.tokenInvalid();
      actors.forgetUser(actor.userId);
      return describe(user);
    },
    settings: (actor) => within((transaction) => accounts.readSettings(transaction, actor.userId)),
    putSettings: (actor, settings) =>
      within((transaction) => accounts.writeSettings(transaction, actor.userId, settings)),
    namesOf: (userIds) =>
      userIds.length === 0
        ? Promise.resolve(new Map<string, string>())
        : within((transaction) => accounts.namesOf(transaction, userIds)),
    getUser: (userId) => within((transaction) => accounts.findAccount(transaction, userId)),

    createAdminLink: () => within(createAdminToken),
    async adminSignIn(token, person) {
      const account = await newAccount(person, true);
      return within(async (transaction) => {
        if (!(await takeAdminToken(transaction, token))) throw errors.adminLinkInvalid();
        return startSignIn(transaction, await accounts.insertAccount(transaction, account));
      }).catch(refuseTakenEmail);
    },
  };
};
