/** Gives an account the projects of the guest who logs into it: the guest shares each of its projects with the account. */
import { routes } from "@atelier/contracts";
import { logFault } from "../../app/page-log.ts";
import type { App } from "../../app/services.ts";
import { openProjectOf } from "../projects/project-store.ts";

/** Limit on shared projects, above what a guest usually has; the others stay with the guest. */
const MOST_PROJECTS = 100;

/** Whether the open project belongs to the guest, so that the account would have no access to it after logging in. */
export const ownsGuestProject = (app: App): boolean =>
  app.session.user()?.kind === "guest" && openProjectOf(app.projects)?.role === "owner";

/**
 * To be called while the guest is still signed in. Never rejects, because the sign-in must not fail when the projects can't be
 * shared.
 */
export const bringGuestProjects = async ({ call }: Pick<App, "call">, accountId: string): Promise<void> => {
  try {
    const { items } = await call(routes.listProjects, { query: { limit: MOST_PROJECTS } });
    const own = items.filter(({ role }) => role === "owner");
    for (const { id } of own) {
      await call(routes.putMember, { params: { projectId: id, userId: accountId }, body: { role: "editor" } });
    }
  } catch (error) {
    logFault("guest-projects-left-behind", error);
  }
};
