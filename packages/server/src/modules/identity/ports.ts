/** What identity needs from outside: a slow hash for passwords, and a user's usage in other modules. */
import type { Me } from "@atelier/contracts";

export interface Passwords {
  hash(password: string): Promise<string>;
  /** False for a wrong password. Takes the same time whatever the outcome. */
  verify(hash: string, password: string): Promise<boolean>;
}

export interface PasswordRules {
  /** Why a new password is refused, as one sentence for the user; undefined when it is accepted. */
  faultOf(password: string, account: { readonly email: string; readonly name: string }): Promise<string | undefined>;
}

/** Limits and usage shown by GET /api/me; the modules that enforce them answer. */
export interface AccountUsage {
  limitsOf(plan: Me["plan"]): Me["limits"];
  usageOf(userId: string): Promise<Me["usage"]>;
}
