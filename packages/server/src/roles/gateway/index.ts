/** The gateway role. */
export type { OpenedProject, PageSources } from "./boot.ts";
export { type GatewayOptions, registerGateway } from "./gateway.ts";
