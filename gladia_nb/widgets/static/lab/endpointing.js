// What another endpointing would have done: a slider that moves the cuts on the sound.

import { field, h, say, unique } from "./dom.js";
import { waveform } from "./waveform.js";

const across = (value, duration) => `${((100 * value) / Math.max(duration, 0.001)).toFixed(3)}%`;

/** What each sign means. */
function cutKeys(kinds) {
  const keys = kinds.map(([kind, sign, meaning]) => {
    const mark = h("span", { class: "gnb-cut-sign", "data-kind": kind, "aria-hidden": "true" });
    mark.append(sign);
    return h("li", {}, mark, meaning);
  });
  return h("ul", { class: "gnb-keys" }, ...keys);
}

/** The sound with its utterances; `cut(step)` puts the cuts of an endpointing on it. */
function cutTrack({ duration, spoken, kinds }, canvas) {
  const signs = Object.fromEntries(kinds);
  const marks = h("div", { class: "gnb-cuts" });
  const spans = spoken.map(([start, end]) => {
    const span = h("span", {});
    span.style.left = across(start, duration);
    span.style.width = across(end - start, duration);
    return span;
  });
  const element = h(
    "div",
    { class: "gnb-track", role: "img" },
    canvas,
    h("div", { class: "gnb-spoken" }, ...spans),
    marks,
  );
  function cut({ cuts, sentence }) {
    const made = cuts.map(([at, kind]) => {
      const sign = h("span", { class: "gnb-cut-sign" }, signs[kind]);
      const mark = h("span", { class: "gnb-cut", "data-kind": kind }, sign);
      mark.style.left = across(at, duration);
      return mark;
    });
    marks.replaceChildren(...made);
    element.setAttribute("aria-label", `Where utterances end: ${sentence}.`);
  }
  return { element, cut };
}

/** Names and values that stay where they are while the values change. */
function cutFacts(first) {
  const values = first.map(() => h("dd", {}));
  const rows = first.map(([name], k) => h("div", {}, h("dt", {}, name), values[k]));
  function update(facts) {
    for (const [k, [, value]] of facts.entries()) say(values[k], value);
  }
  return { element: h("dl", { class: "gnb-factlist" }, ...rows), update };
}

/** The view; `close` lets go of the sound. */
export function explorer(model) {
  let close = () => {};

  /** The sound's picture, where it is still the one of the run. */
  function soundOf(after, duration) {
    close();
    const { sound } = model.get("setup");
    const canvas = h("canvas", { class: "gnb-wave", "aria-hidden": "true" });
    const wave = waveform(canvas);
    close = wave.close;
    if (sound.name === after.name && sound.peaks.length) {
      canvas.style.width = across(Math.min(sound.duration_s, duration), duration);
      wave.set(sound.peaks);
    }
    return canvas;
  }

  function show(after, found, place) {
    const { steps, kinds, duration, note } = found;
    if (!steps.length) {
      const words = "No transcript came, so there is no utterance that could be cut elsewhere.";
      place.replaceChildren(h("p", { class: "gnb-empty" }, words));
      return;
    }
    const track = cutTrack(found, soundOf(after, duration));
    const facts = cutFacts(steps[0].facts);
    const remark = h("p", { class: "gnb-help", id: unique("remark") }, note);
    const slider = h("input", {
      type: "range",
      id: unique("endpointing"),
      min: "0",
      max: String(steps.length - 1),
      step: "1",
      value: "0",
      "aria-describedby": remark.id,
      oninput: move,
    });
    function move() {
      const step = steps[Number(slider.value)];
      slider.setAttribute("aria-valuetext", step.sentence);
      track.cut(step);
      facts.update(step.facts);
    }
    move();
    const label = "Endpointing: silence that ends an utterance";
    const parts = [track.element, field(slider, label), facts.element, cutKeys(kinds), remark];
    place.replaceChildren(...parts);
  }

  function view(after, ask) {
    const place = h("div", { class: "gnb-explorer" }, "Predicting …");
    ask({ kind: "endpointing" }).then((answer) => {
      if (answer === null) say(place, "It could not be predicted; the reason is above.");
      else if (answer) show(after, answer.content, place);
    });
    return [place];
  }
  return { view, close: () => close() };
}
