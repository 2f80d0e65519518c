// A worker of its own reads the track, so that it waits neither for a busy page nor for the session:
// this binds the reader to its page.

import { TrackReader } from "./reader.js";

let reader = null;

self.onmessage = async ({ data }) => {
  if (data.kind === "begin") {
    reader = new TrackReader(data, (message) => postMessage(message));
    reader.run();
  } else if (data.kind === "close") {
    await reader?.close();
    self.close();
  } else reader.command(data);
};
postMessage({ kind: "ready" });
