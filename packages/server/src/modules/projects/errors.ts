/** The problems that projects answers with. */
import { Problem } from "#kernel/problem";

export const noSuchProject = (): Problem => new Problem("projects/no-such-project");
export const roleTooLow = (): Problem => new Problem("projects/role-too-low");
export const noSuchMember = (): Problem => new Problem("projects/no-such-member");
export const noSuchLink = (): Problem => new Problem("projects/no-such-link");
export const lastOwner = (): Problem => new Problem("projects/last-owner");
export const expiryPassed = (): Problem => {
  const message = "This time is in the past.";
  return new Problem("request/invalid", `body.expiresAt: ${message}`, { faults: [{ at: "body.expiresAt", message }] });
};
export const tooManyProjects = (most: number): Problem =>
  new Problem("projects/limit-reached", `An account may have ${most} projects, including those in the bin.`);
export const tooManyLinks = (most: number): Problem =>
  new Problem(
    "projects/limit-reached",
    `A project may have at most ${most} share links. Revoke links that are not needed.`,
  );
