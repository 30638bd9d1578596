/**
 * Configures the schema library, before it makes the first schema, not to try whether it may compile code: the content security policy
 * forbids that, and browsers report each try as a violation.
 */
import { config } from "zod";

config({ jitless: true });
