/** Who logs in after working as a guest goes on with that work: the guest lets the account edit each of its projects. */
import { routes } from "@atelier/contracts";
import { logFault } from "../../app/page-log.ts";
import type { App } from "../../app/services.ts";
import { openProjectOf } from "../projects/project-store.ts";

/** More than any guest made in one browser; beyond it the rest stays with the guest. */
const MOST_PROJECTS = 100;

/** Whether the project in front of the reader is a guest's own, so that logging in would leave it behind. */
export const ownsGuestProject = (app: App): boolean =>
  app.session.user()?.kind === "guest" && openProjectOf(app.projects)?.role === "owner";

/**
 * To be called while the guest is still signed in here. Never rejects: a sign-in does not fail because of what was to come
 * along with it.
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
