/** The WebSocket class of the edge: closing a paused socket reads on, so that the peer's answer to the close is seen. */
import { WebSocket } from "ws";

/** As ws's own socket, but `close` also resumes. Frames that still arrive find `readyState` CLOSING. */
export class ServerSocket extends WebSocket {
  override close(code?: number, data?: string | Buffer): void {
    super.close(code, data);
    if (this.isPaused) this.resume();
  }
}
