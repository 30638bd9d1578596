/** The signed-in user behind a request or a socket. */
import type { Plan } from "@atelier/contracts";

export type Actor = {
  readonly userId: string;
  readonly kind: "guest" | "registered";
  readonly name: string;
  readonly plan: Plan;
  /** The sign-in (refresh token family) behind the access token: sockets close when it ends. */
  readonly signInId: string;
};
