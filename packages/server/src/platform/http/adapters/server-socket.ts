/** The WebSocket class of the edge: closing a paused socket resumes it, so that the peer's close frame is read. */
import { WebSocket } from "ws";

/** Like the socket of `ws`, but `close` also resumes. For frames that still arrive `readyState` is CLOSING. */
export class ServerSocket extends WebSocket {
  override close(code?: number, data?: string | Buffer): void {
    super.close(code, data);
    if (this.isPaused) this.resume();
  }
}
