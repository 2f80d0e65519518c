// The microphone's own widget in the Lab: one Start and one Stop begin and end it as well.

import { h } from "./dom.js";

/** The microphone of the Lab; `child` is its model, or null. */
export function microphoneSlot(rules) {
  const element = h("div", { class: "gnb-slot" });
  const listeners = [];
  let state = "idle";
  let text = "";
  let settle = () => {};
  const root = () => element.querySelector(".gladia-nb-mic");
  const say = (name) => root()?.dispatchEvent(new CustomEvent(name));
  element.addEventListener("gladia-nb-mic-state", ({ detail }) => {
    ({ state, text } = detail);
    if (state !== "asking") settle();
    for (const listener of listeners) listener();
  });
  return {
    element,
    /** Whether a source is sent while it is spoken. */
    isSource: (choice) => rules.while_spoken.includes(choice),
    isHeld: () => ["asking", "live", "paused"].includes(state),
    /** What is wrong with it, or "". */
    text: () => (state === "error" ? text : ""),
    onChange: (listener) => listeners.push(listener),
    /** Peaks of what is heard, from 0 to 1, as they come. */
    onLevel: (listener) =>
      element.addEventListener("gladia-nb-mic-level", ({ detail }) => listener(detail.peak)),
    /** Ask for the device; done when it is known what comes of it. */
    start() {
      if (!root()) return Promise.resolve();
      const settled = new Promise((resolve) => {
        settle = resolve;
      });
      say("gladia-nb-mic-start");
      // It is held already, here or in another window: nothing will come of this.
      if (state !== "asking") settle();
      return settled;
    },
    stop: () => say("gladia-nb-mic-stop"),
    show(child, host) {
      const failed = ({ message }) => {
        const sentence = `The microphone’s controls did not load: ${message}`;
        element.append(h("p", { class: "gnb-problem" }, sentence));
      };
      host
        .getWidget(child)
        .then((widget) => widget.render({ el: element }))
        .catch(failed);
    },
  };
}
