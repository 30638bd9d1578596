/** Timed ownership of a name. */
export { LeaseTimeout } from "./lease-timeout.ts";
export type { FenceSource, Lease, Leases } from "./ports.ts";
