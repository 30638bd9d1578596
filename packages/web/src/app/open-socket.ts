/** Opens the page's WebSockets, each with its own ticket. */

export type SocketOpener = (path: string) => Promise<WebSocket>;

/** Opens a WebSocket at a path below the base path with a one-use ticket. @throws whatever the ticket's request throws */
export const createSocketOpener =
  ({ basePath, origin, ticket }: { basePath: string; origin: string; ticket: () => Promise<string> }): SocketOpener =>
  async (path) => {
    const address = new URL(`${basePath}${path}`, origin);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    address.searchParams.set("ticket", await ticket());
    return new WebSocket(address);
  };
