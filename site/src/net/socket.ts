import type { Dial } from "../model/channel";

/** Sockets of the browser. The token travels as a subprotocol: an address would end up in logs. */
export function dialer(address: string): Dial {
  return (token, ears) => {
    const socket = new WebSocket(address, ["parlour.v1", `bearer.${token}`]);
    socket.onopen = () => ears.opened();
    socket.onmessage = ({ data }) => {
      if (typeof data === "string") ears.heard(data);
    };
    socket.onclose = ({ code }) => ears.closed(code);
    return {
      send: (text) => socket.send(text),
      close() {
        socket.onopen = socket.onmessage = socket.onclose = null;
        socket.close();
      },
    };
  };
}
