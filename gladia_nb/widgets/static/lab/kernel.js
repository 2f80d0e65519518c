// Whether the kernel is still there: it says something at least every two seconds of a session.

import { h } from "./dom.js";

/** Milliseconds without a word from the kernel, in a session, after which it is doubted. */
const SILENT_MS = 10_000;
const LOOK_MS = 1000;
const GONE =
  "The kernel was restarted or has ended, and this Lab with it. Run its cell again. What was " +
  "recorded until then is kept, and will be on the shelf.";
const SILENT =
  "The kernel has not said anything for ten seconds: it is busy, or the network is. If it was " +
  "restarted, run the cell again; what was recorded until then is kept.";

/** A sentence for when it is gone; `changed` is called when that becomes known. */
export function kernelWatch(model, changed) {
  const element = h("div", { class: "gnb-banner" });
  let heardMs = performance.now();
  let state = "";
  function become(next) {
    if (next === state) return;
    state = next;
    const words = { gone: GONE, silent: SILENT }[state];
    element.replaceChildren(...(words ? [h("p", { role: "alert" }, words)] : []));
    changed();
  }
  const hear = () => {
    heardMs = performance.now();
    if (state === "silent") become("");
  };
  const look = () => {
    const { running } = model.get("live");
    if (!running) heardMs = performance.now();
    else if (!state && performance.now() - heardMs > SILENT_MS) become("silent");
  };
  // The widget manager lets go of all models when their kernel is restarted.
  const cut = () => become("gone");
  const timer = setInterval(look, LOOK_MS);
  model.on("msg:custom", hear);
  model.on("comm_live_update", cut);
  return {
    element,
    isGone: () => state === "gone",
    close() {
      clearInterval(timer);
      model.off("msg:custom", hear);
      model.off("comm_live_update", cut);
    },
  };
}
