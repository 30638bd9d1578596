/** The settings of identity. */
import { type Registration, RegistrationSchema } from "@atelier/contracts";
import type { Setting } from "#kernel/setting";
import { z } from "zod";

export const identitySettings = {
  GUESTS: {
    schema: z
      .enum(["on", "off"])
      .default("on")
      .transform((text) => text === "on"),
    description: "`on`: anybody may edit and run without an account; `off`: only people with an account.",
    defaultText: "on",
  } satisfies Setting<boolean>,
  REGISTRATION: {
    schema: RegistrationSchema.default("open"),
    description:
      "Who may create an account: `open`: anybody; `invite`: people with a one-time link from `npm run atelier -- user invite`; `off`: nobody.",
    defaultText: "open",
  } satisfies Setting<Registration>,
} as const;
