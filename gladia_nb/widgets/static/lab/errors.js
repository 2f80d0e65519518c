// What went wrong, beside what it is about; it goes by itself when the same goes well.

import { button, h } from "./dom.js";

/** Where what a command could not do is said; everything else is said at the top. */
const PLACES = {
  source: ["source", "reference", "listen", "heard"],
  settings: ["set", "key", "forget"],
  after: [
    "picture",
    "table",
    "save",
    "export",
    "report",
    "download",
    "offers",
    "replay",
    "endpointing",
  ],
  shelf: ["open", "compare", "difference", "refresh", "rename", "delete", "restore"],
  study: ["study_set", "study_run", "study_plan", "study_compare", "study_picture", "study_page"],
};
const PLACE_OF = Object.fromEntries(
  Object.entries(PLACES).flatMap(([place, kinds]) => kinds.map((kind) => [kind, place])),
);

/** A place at the beginning of a panel. */
function regionIn({ element }) {
  const region = h("div", { class: "gnb-alert" });
  const folded = element.querySelector(".gnb-folded");
  if (folded) folded.prepend(region);
  else element.querySelector("h3, summary").after(region);
  return region;
}

/** Sentences in the panels that they are about; `parts` are the panels by name. */
export function errorRegions({ model, send }, parts) {
  const top = h("div", { class: "gnb-alert" });
  const regions = Object.fromEntries(
    Object.keys(PLACES).map((name) => [name, regionIn(parts[name])]),
  );
  const known = new Map();
  function show({ number, text, about }) {
    const close = button("Dismiss", () => send({ kind: "dismiss", number }), {
      class: "gnb-button gnb-small",
    });
    const words = h("p", {}, h("strong", {}, "Problem: "), text);
    const entry = h("div", { role: "alert" }, words, close);
    const place = PLACE_OF[about];
    known.set(number, entry);
    (regions[place] ?? top).append(entry);
    parts[place]?.need?.();
  }
  function update() {
    const sentences = model.get("sentences");
    for (const [number, entry] of known) {
      if (!sentences.some((sentence) => sentence.number === number)) {
        entry.remove();
        known.delete(number);
      }
    }
    for (const sentence of sentences) {
      if (!known.has(sentence.number)) show(sentence);
    }
  }
  return { element: top, update };
}
