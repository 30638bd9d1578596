import { beforeEach, describe, expect, test, vi } from "vitest";
import type { Actor } from "#kernel/actor";
import { createManualClock, systemClock } from "#kernel/clock";
import { silentLog } from "#kernel/log";
import { createLinkTokens } from "./link-tokens.ts";
import { createMemberExpiry } from "./member-expiry.ts";
import { openProjectsForFile } from "./test-projects.ts";

const { projects, alice, bob } = await openProjectsForFile();
let projectId: string;

beforeEach(async () => {
  projectId = (await projects.service.createProject(alice, { name: "Test" })).id;
  projects.published.length = 0;
});

const join = (actor: Actor, role: "editor" | "viewer") =>
  projects.service.putMember(alice, projectId, { userId: actor.userId, role });
const code = (wanted: string): unknown => expect.objectContaining({ code: wanted });

describe("share links", () => {
  test("[P4] a link gives its role, a higher role is kept, the token is stored as a hash and encrypted", async () => {
    const viewer = await projects.service.createLink(alice, projectId, { role: "viewer" });
    const editor = await projects.service.createLink(alice, projectId, { role: "editor" });
    expect(viewer.url).toBe(`http://localhost:3000/s/${viewer.token}`);
    expect(viewer.token?.length).toBeGreaterThanOrEqual(32);
    expect((await projects.service.acceptLink(bob, viewer.token ?? "")).role).toBe("viewer");
    expect((await projects.service.acceptLink(bob, editor.token ?? "")).role).toBe("editor");
    expect((await projects.service.acceptLink(bob, viewer.token ?? "")).role).toBe("editor");
    expect((await projects.service.acceptLink(alice, viewer.token ?? "")).role).toBe("owner");
    const { rows } = await projects.admin.query<{ token_sealed: Buffer }>("select * from share_links");
    expect(rows.length).toBeGreaterThan(1);
    expect(JSON.stringify(rows)).not.toContain(viewer.token);
    expect(rows.some((row) => row.token_sealed.includes(viewer.token ?? "?"))).toBe(false);
  });

  test("[P4] only the owner can copy every link, and sees how many members joined by it", async () => {
    await join(bob, "editor");
    const carol = await projects.addUser("Carol");
    const made = await projects.service.createLink(alice, projectId, { role: "viewer" });
    await projects.service.acceptLink(carol, made.token ?? "");
    const [link, ...others] = await projects.service.listLinks(alice, projectId);
    expect(others).toEqual([]);
    expect(link).toMatchObject({ id: made.id, role: "viewer", url: made.url, token: made.token, people: 1 });
    await expect(projects.service.listLinks(bob, projectId)).rejects.toEqual(code("projects/role-too-low"));
    await expect(projects.service.listLinks(carol, projectId)).rejects.toEqual(code("projects/role-too-low"));
  });

  test("[P4] a role has one link that does not expire, also after concurrent calls", async () => {
    const links = await Promise.all(
      [1, 2, 3].map(() => projects.service.createLink(alice, projectId, { role: "viewer" })),
    );
    expect(new Set(links.map(({ url }) => url)).size).toBe(1);
    expect(links.filter(({ isNew }) => isNew)).toHaveLength(1);
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    const ending = await projects.service.createLink(alice, projectId, { role: "viewer", expiresAt });
    const editing = await projects.service.createLink(alice, projectId, { role: "editor" });
    expect([ending.isNew, editing.isNew]).toEqual([true, true]);
    expect(await projects.service.listLinks(alice, projectId)).toHaveLength(3);
  });

  test("[P4] a link that is older than the storage of tokens has no address but works, and a new one can be created", async () => {
    const old = await projects.service.createLink(alice, projectId, { role: "viewer" });
    await projects.admin.query("update share_links set token_sealed = null where id = $1", [old.id]);
    const [shown] = await projects.service.listLinks(alice, projectId);
    expect(shown).toMatchObject({ id: old.id, url: null });
    expect(shown).not.toHaveProperty("token");
    const made = await projects.service.createLink(alice, projectId, { role: "viewer" });
    expect(made).toMatchObject({ isNew: true, url: expect.stringContaining("/s/") });
    expect((await projects.service.acceptLink(bob, old.token ?? "")).id).toBe(projectId);
  });

  test("[P4] an encrypted token can be decrypted only for its link and with its key, and not when a byte was changed", () => {
    const tokens = createLinkTokens(Buffer.alloc(32, 1));
    const token = tokens.create();
    const sealed = tokens.seal(token, "link");
    expect(tokens.open(sealed, "link")).toBe(token);
    expect(tokens.open(sealed, "other")).toBeUndefined();
    expect(createLinkTokens(Buffer.alloc(32, 2)).open(sealed, "link")).toBeUndefined();
    for (let at = 0; at < sealed.length; at++) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(tokens.open(changed, "link")).toBeUndefined();
    }
    expect(tokens.open(sealed.subarray(0, 20), "link")).toBeUndefined();
  });

  test("[P4] revoking a link removes the members who joined or got a higher role by it, and announces it", async () => {
    const { service } = projects;
    const [carol, dora, erik] = [
      await projects.addUser("Carol"),
      await projects.addUser("Dora"),
      await projects.addUser("Erik"),
    ];
    const viewing = await service.createLink(alice, projectId, { role: "viewer" });
    const editing = await service.createLink(alice, projectId, { role: "editor" });
    await service.acceptLink(alice, editing.token ?? "");
    await service.acceptLink(bob, editing.token ?? "");
    await service.acceptLink(carol, viewing.token ?? "");
    await service.acceptLink(carol, editing.token ?? "");
    await service.acceptLink(dora, viewing.token ?? "");
    await service.acceptLink(erik, editing.token ?? "");
    // The owner has set Erik's role since then: he stays.
    await join(erik, "viewer");
    const links = (await service.listMembers(alice, projectId)).map(({ name, linkId }) => [name, linkId]);
    expect(links).toEqual([
      ["Alice", undefined],
      ["Bob", editing.id],
      ["Carol", editing.id],
      ["Dora", viewing.id],
      ["Erik", undefined],
    ]);
    projects.published.length = 0;
    await expect(service.deleteLink(bob, projectId, editing.id)).rejects.toEqual(code("projects/role-too-low"));
    await service.deleteLink(alice, projectId, editing.id);
    const roles = [alice, bob, carol, dora, erik].map(({ userId }) => service.roleOf(userId, projectId));
    expect(await Promise.all(roles)).toEqual(["owner", undefined, undefined, "viewer", "viewer"]);
    const told = projects.published.map(({ topic, message }) => `${topic} ${(message as { userId?: string }).userId}`);
    expect(new Set(told)).toEqual(new Set([bob, carol].map(({ userId }) => `rights-changed ${userId}`)));
    expect(told).toHaveLength(2);
  });

  test("[P4] a user who accepts a link while it is being revoked does not become a member", async () => {
    const link = await projects.service.createLink(alice, projectId, { role: "editor" });
    await projects.admin.query("begin");
    await projects.admin.query("delete from share_links where id = $1", [link.id]);
    const accepting = projects.service.acceptLink(bob, link.token ?? "").then(
      () => "joined",
      () => "refused",
    );
    const waits = async (): Promise<boolean> => {
      await projects.admin.query("select pg_stat_clear_snapshot()");
      const { rows } = await projects.admin.query("select from pg_stat_activity where wait_event_type = 'Lock'");
      return rows.length > 0;
    };
    expect(await Promise.race([accepting, vi.waitUntil(waits, { timeout: 10_000 }).then(() => "waits")])).toBe("waits");
    await projects.admin.query("commit");
    expect(await accepting).toBe("refused");
    expect(await projects.service.roleOf(bob.userId, projectId)).toBeUndefined();
  });

  test("[P4] a guessed, revoked or expired link, and one of a project in the bin, are the same 404", async () => {
    const carol = await projects.addUser("Carol");
    const revoked = await projects.service.createLink(alice, projectId, { role: "viewer" });
    await projects.service.deleteLink(alice, projectId, revoked.id);
    const expired = await projects.service.createLink(alice, projectId, {
      role: "viewer",
      expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
    });
    await projects.admin.query("update share_links set expires_at = now() where id = $1", [expired.id]);
    const valid = await projects.service.createLink(alice, projectId, { role: "viewer" });
    await expect(projects.service.deleteLink(alice, projectId, revoked.id)).rejects.toEqual(
      code("projects/no-such-link"),
    );
    await projects.service.deleteProject(alice, projectId);
    for (const token of ["guess", revoked.token, expired.token, valid.token]) {
      await expect(projects.service.acceptLink(carol, token ?? "")).rejects.toEqual(code("projects/no-such-link"));
    }
    expect(await projects.service.roleOf(carol.userId, projectId)).toBeUndefined();
  });
});

describe("members by a link that expires", () => {
  const inAnHour = (): string => new Date(Date.now() + 3_600_000).toISOString();
  const end = (linkId: string) =>
    projects.admin.query("update members set expires_at = now() where link_id = $1", [linkId]);
  const joinBy = async (actor: Actor, link: { readonly token?: string | undefined }) =>
    projects.service.acceptLink(actor, link.token ?? "");

  test("[P35] lose their rights when it expires, before they are removed", async () => {
    const link = await projects.service.createLink(alice, projectId, { role: "editor", expiresAt: inAnHour() });
    await joinBy(bob, link);
    expect(await projects.service.roleOf(bob.userId, projectId)).toBe("editor");
    await end(link.id);
    expect(await projects.service.roleOf(bob.userId, projectId)).toBeUndefined();
    await expect(projects.service.getProject(bob, projectId)).rejects.toEqual(code("projects/no-such-project"));
    const { items } = await projects.service.listProjects(bob, {});
    expect(items.map(({ id }) => id)).not.toContain(projectId);
    expect((await projects.service.listMembers(alice, projectId)).map(({ userId }) => userId)).toEqual([alice.userId]);
    expect((await projects.service.listLinks(alice, projectId))[0]?.people).toBe(0);
  });

  test("[P35] are removed and notified, and no other members; a member with a given role or another link stays", async () => {
    const [carol, dora, erik] = [
      await projects.addUser("Carol"),
      await projects.addUser("Dora"),
      await projects.addUser("Erik"),
    ];
    const ending = await projects.service.createLink(alice, projectId, { role: "editor", expiresAt: inAnHour() });
    const lasting = await projects.service.createLink(alice, projectId, { role: "editor" });
    for (const actor of [bob, carol, dora]) await joinBy(actor, ending);
    await joinBy(erik, lasting);
    await joinBy(dora, lasting);
    await join(carol, "viewer");
    const clock = createManualClock();
    const sweeper = createMemberExpiry({
      sql: projects.database.sql,
      bus: projects.bus,
      clock,
      log: silentLog,
    });
    await sweeper.start(new AbortController().signal);
    clock.advance(0);
    projects.published.length = 0;
    await end(ending.id);
    const told = () =>
      projects.published
        .filter(({ topic }) => topic === "rights-changed")
        .map(({ message }) => message as { projectId: string })
        .filter((message) => message.projectId === projectId);
    await vi.waitFor(() => {
      clock.advance(60_000);
      expect(told()).toEqual([{ projectId, userId: bob.userId }]);
    });
    const roles = [alice, bob, carol, dora, erik].map(({ userId }) => projects.service.roleOf(userId, projectId));
    expect(await Promise.all(roles)).toEqual(["owner", undefined, "viewer", "editor", "editor"]);
    const { rowCount } = await projects.admin.query("select from members where project_id = $1", [projectId]);
    expect(rowCount).toBe(4);
    await sweeper[Symbol.asyncDispose]();
  });

  test("[P35] a member by a link that expires soon is removed in time, not a minute later", async () => {
    const waits: number[] = [];
    const clock = {
      ...systemClock,
      after(delayMs: number, work: () => void) {
        waits.push(delayMs);
        return systemClock.after(delayMs, work);
      },
    };
    const sweeper = createMemberExpiry({
      sql: projects.database.sql,
      bus: projects.bus,
      clock,
      log: silentLog,
    });
    await sweeper.start(new AbortController().signal);
    const expiresAt = new Date(Date.now() + 1_500).toISOString();
    await joinBy(bob, await projects.service.createLink(alice, projectId, { role: "viewer", expiresAt }));
    projects.published.length = 0;
    const gone = { topic: "rights-changed", message: { projectId, userId: bob.userId } };
    await vi.waitFor(() => expect(projects.published).toContainEqual(gone), { timeout: 10_000, interval: 20 });
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(expiresAt));
    expect(waits.some((delayMs) => delayMs < 2_000)).toBe(true);
    await sweeper[Symbol.asyncDispose]();
  });
});
