/** The routes of identity. */
import { addressKey, type Answer, type Edge } from "#platform/http";
import { routes } from "@atelier/contracts";
import { refreshInvalid } from "./errors.ts";
import { createRefreshCookie } from "./refresh-cookie.ts";
import type { IdentityService, SignedIn } from "./service.ts";

const BEARER = /^Bearer +(\S+)$/iu;

/** @param options.https decides on the cookie's name and the attribute Secure */
export const registerIdentityHttp = (
  edge: Edge,
  identity: IdentityService,
  options: { readonly https: boolean },
): void => {
  const cookie = createRefreshCookie(options.https);
  const signedIn = <S extends number>(status: S, { refreshToken, ...body }: SignedIn) => ({
    status,
    body,
    cookies: [cookie.set(refreshToken)],
    audit: { userId: body.user.id },
  });

  edge.bind(routes.signInAsGuest, async () => signedIn(201, await identity.signInAsGuest()));
  edge.bind(routes.register, async ({ body, actor }) => signedIn(201, await identity.register(body, actor)));
  edge.bind(routes.login, async ({ body, request }) =>
    signedIn(200, await identity.login(body, addressKey(request.address))),
  );
  edge.bind(routes.adminSignIn, async ({ body: { token, ...registration } }) =>
    signedIn(201, await identity.adminSignIn(token, registration)),
  );
  edge.bind(routes.refresh, async ({ request }) => {
    const token = request.cookies[cookie.name];
    if (token === undefined || token === "") throw refreshInvalid();
    return signedIn(200, await identity.refresh(token));
  });
  edge.bind(routes.logout, async ({ request }): Promise<Answer<typeof routes.logout>> => {
    const refreshToken = request.cookies[cookie.name];
    const accessToken = BEARER.exec(request.headers["authorization"] ?? "")?.[1];
    const actor = await identity.logout({
      ...(refreshToken === undefined ? {} : { refreshToken }),
      ...(accessToken === undefined ? {} : { accessToken }),
    });
    return {
      status: 204,
      body: undefined,
      cookies: [cookie.clear()],
      ...(actor === undefined ? {} : { audit: { userId: actor.userId } }),
    };
  });
  edge.bind(routes.ticket, async ({ actor }) => ({
    status: 201 as const,
    body: { ticket: await identity.createTicket(actor) },
  }));
  edge.bind(routes.me, async ({ actor }) => ({ status: 200 as const, body: await identity.me(actor) }));
  edge.bind(routes.updateMe, async ({ actor, body }) => ({
    status: 200 as const,
    body: await identity.updateMe(actor, body),
  }));
  edge.bind(routes.settings, async ({ actor }) => ({
    status: 200 as const,
    // Only putSettings writes it, whose schema accepts only JSON.
    body: (await identity.settings(actor)) as Answer<typeof routes.settings>["body"],
  }));
  edge.bind(routes.putSettings, async ({ actor, body }) => {
    await identity.putSettings(actor, body);
    return { status: 200 as const, body };
  });
};
