// Where the sound comes from.

import { button, field, foldPanel, h, say, seconds, unique } from "./dom.js";
import { waveform } from "./waveform.js";

/** A player that fetches the sound only when somebody wants to listen. */
function listening(ask, wave) {
  const player = h("audio", { controls: true, "aria-label": "The source" });
  const listen = button("Listen", load);
  const element = h("div", { class: "gnb-listen" }, listen, player);
  player.hidden = true;
  player.addEventListener("timeupdate", () => wave.at(player.currentTime / player.duration));
  let url = "";

  async function load() {
    const answer = await ask({ kind: "listen" });
    if (!answer) return;
    if (url) URL.revokeObjectURL(url);
    url = URL.createObjectURL(new Blob([answer.buffers[0]], { type: "audio/wav" }));
    player.src = url;
    player.hidden = false;
    listen.hidden = true;
    player.focus();
    player.play().catch(() => {});
  }

  return {
    element,
    /** Another sound: nothing of the last one is left. */
    forget() {
      player.hidden = true;
      player.removeAttribute("src");
      listen.hidden = false;
    },
    close: () => url && URL.revokeObjectURL(url),
  };
}

/** Files on their way to the kernel, one at a time, in parts; each can be cancelled. */
export function uploads({ ask, rules }) {
  const words = h("span", { class: "gnb-facts", role: "status" });
  const bar = h("progress", { max: "1", value: 0, "aria-label": "Upload" });
  let current = null;
  const cancel = button("Cancel", () => stop("Cancelled."), { class: "gnb-button gnb-small" });
  const element = h("div", { class: "gnb-row gnb-upload" }, bar, cancel, words);
  const busy = (on) => {
    bar.hidden = !on;
    cancel.hidden = !on;
    element.hidden = !on && !words.textContent;
  };
  function stop(text) {
    current = null;
    say(words, text);
    busy(false);
  }
  /** Send a file; the next part goes when the last has come. */
  async function send(file, kind) {
    if (file.size > rules.largest_upload) {
      stop(rules.too_large.replace("{name}", () => file.name));
      return;
    }
    const mine = {};
    current = mine;
    const size = rules.part_bytes;
    const parts = Math.max(1, Math.ceil(file.size / size));
    for (let part = 0; part < parts; part += 1) {
      say(words, `Uploading ${file.name}: ${Math.round((100 * part) / parts)} %`);
      bar.value = part / parts;
      busy(true);
      const data = await file.slice(part * size, (part + 1) * size).arrayBuffer();
      if (current !== mine) return;
      const answer = await ask({ kind, name: file.name, part, parts }, [data]);
      if (current !== mine) return;
      if (!answer) {
        stop("");
        return;
      }
    }
    stop("");
  }
  busy(false);
  return {
    element,
    /** A sound, or what was spoken in it, by its ending. */
    take(file) {
      return send(file, isReference(file, rules) ? "reference" : "upload");
    },
  };
}

const isReference = ({ name }, { references }) =>
  references.some((end) => name.toLowerCase().endsWith(end));

/** Sounds first: another sound takes the reference of the last one with it. */
const inOrder = (files, rules) =>
  [...files].sort((a, b) => isReference(a, rules) - isReference(b, rules));

/** What is dropped anywhere on the Lab is taken. */
export function takeDrops(root, sender, rules) {
  const has = ({ dataTransfer }) => [...(dataTransfer?.types ?? [])].includes("Files");
  let depth = 0;
  const mark = (change) => {
    depth = Math.max(0, change === 0 ? 0 : depth + change);
    root.classList.toggle("gnb-dropping", depth > 0);
  };
  root.addEventListener("dragenter", (event) => has(event) && mark(1));
  root.addEventListener("dragleave", (event) => has(event) && mark(-1));
  root.addEventListener("dragover", (event) => {
    if (!has(event)) return;
    event.preventDefault();
    event.stopPropagation();
  });
  root.addEventListener("drop", async (event) => {
    if (!has(event)) return;
    event.preventDefault();
    event.stopPropagation();
    mark(0);
    for (const file of inOrder(event.dataTransfer.files, rules)) await sender.take(file);
  });
}

function fileField(id, { rules }, sender) {
  const { formats, references } = rules;
  const file = h("input", {
    type: "file",
    id: `${id}-file`,
    multiple: true,
    accept: [...formats.map((name) => `.${name.toLowerCase()}`), ...references].join(),
    async onchange() {
      for (const one of inOrder(file.files, rules)) await sender.take(one);
      file.value = "";
    },
  });
  const names = `${formats.slice(0, -1).join(", ")} or ${formats.at(-1)}`;
  const row = field(file, names);
  const help =
    "Or drop it anywhere on the Lab; what was spoken in it as well: " +
    `${references.slice(0, -1).join(", ")} or ${references.at(-1)}.`;
  row.append(h("p", { class: "gnb-help" }, help));
  return row;
}

/** What was spoken, where somebody said so. */
function referenceRow({ send }) {
  const words = h("span", { class: "gnb-facts" });
  const remove = button("Remove", () => send({ kind: "forget_reference" }), {
    class: "gnb-button gnb-small",
    "aria-label": "Remove the reference",
  });
  const element = h("div", { class: "gnb-row" }, words, remove);
  return {
    element,
    update({ reference }) {
      element.hidden = !reference;
      say(words, reference ? `Reference: ${reference.name}, ${reference.size}` : "");
    },
  };
}

/** The panel of what a source needs beside its name; `slot` has the microphone's own controls. */
export function sourcePanel(wires) {
  const { model, send, ask, slot, rules } = wires;
  const id = unique("source");
  const path = h("input", {
    type: "text",
    id: `${id}-path`,
    spellcheck: "false",
    autocomplete: "off",
    "aria-describedby": `${id}-problem`,
    onchange: () => send({ kind: "source", choice: "file", path: path.value }),
  });
  const facts = h("p", { class: "gnb-facts", role: "status" });
  const problem = h("p", { class: "gnb-problem", id: `${id}-problem` });
  const canvas = h("canvas", { class: "gnb-wave", "aria-hidden": "true" });
  const wave = waveform(canvas);
  const player = listening(ask, wave);
  const pathRow = field(path, "Path");
  const sender = uploads(wires);
  const fileRow = fileField(id, wires, sender);
  const reference = referenceRow(wires);
  const parts = [
    pathRow,
    fileRow,
    sender.element,
    slot,
    canvas,
    facts,
    problem,
    reference.element,
    player.element,
  ];
  const { element, fold, need, count } = foldPanel("Sound", "source", ...parts);
  const view = { path, pathRow, fileRow, slot, facts, problem, canvas, wave, player, need, count };
  let last = { choice: null, sound: "" };
  return {
    element,
    fold,
    need,
    sender,
    update() {
      last = showSource(view, model.get("setup"), rules, last);
      reference.update(model.get("setup"));
    },
    close() {
      wave.close();
      player.close();
    },
  };
}

/** Show what is set up; returns what was shown, so that the next time only news are drawn. */
function showSource(view, setup, rules, last) {
  const { path, slot, problem, canvas, wave, player } = view;
  const { sound, choice } = setup;
  view.pathRow.hidden = choice !== "file";
  view.fileRow.hidden = choice !== "upload";
  slot.hidden = !rules.microphone.includes(choice);
  slot.dataset.choice = choice;
  if (document.activeElement !== path) path.value = setup.path;
  say(problem, sound.problem);
  problem.hidden = !sound.problem;
  path.setAttribute("aria-invalid", String(Boolean(sound.problem)));
  const words = soundFacts(sound);
  say(view.facts, words || (slot.hidden && !sound.problem ? "No sound yet." : ""));
  view.facts.hidden = !view.facts.textContent;
  view.count(sound.name ? ` · ${sound.name}, ${seconds(sound.duration_s)}` : "");
  canvas.hidden = !sound.name;
  player.element.hidden = !sound.name;
  const key = `${sound.name} ${sound.duration_s}`;
  if (key !== last.sound) {
    wave.set(sound.peaks);
    wave.at(0);
    player.forget();
  }
  // A source of which more has to be said is opened when it is chosen.
  const more = ["file", "upload"].includes(choice) || !slot.hidden;
  if (last.choice !== null && choice !== last.choice && more) view.need();
  return { choice, sound: key };
}

function soundFacts(sound) {
  if (!sound.name) return "";
  const lanes = sound.channels === 1 ? "mono" : `${sound.channels} channels`;
  return `${sound.name} · ${seconds(sound.duration_s)} · ${sound.sample_rate / 1000} kHz · ${lanes}`;
}
