/** The ports of identity: a slow hash for passwords, rules for passwords, and a user's usage in other modules. */
import type { Me } from "@atelier/contracts";

export interface Passwords {
  hash(password: string): Promise<string>;
  /** @returns false for a wrong password, after the same time as for a right one */
  verify(hash: string, password: string): Promise<boolean>;
}

export interface PasswordRules {
  /** Why a new password is refused, as one sentence for the user; undefined when it is accepted. */
  faultOf(password: string, account: { readonly email: string; readonly name: string }): Promise<string | undefined>;
}

/** Limits and usage in GET /api/me, from the modules that enforce them. */
export interface AccountUsage {
  limitsOf(plan: Me["plan"]): Me["limits"];
  usageOf(userId: string): Promise<Me["usage"]>;
}
