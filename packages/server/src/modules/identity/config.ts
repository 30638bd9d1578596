/** The settings of identity. */
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
} as const;
