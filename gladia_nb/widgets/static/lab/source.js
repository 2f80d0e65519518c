// Where the sound comes from.

import { button, field, h, panel, say, seconds, unique } from "./dom.js";
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

/** A file goes to the kernel in parts; `facts` says so meanwhile. */
async function upload(file, { send, rules }, facts) {
  if (file.size > rules.largest_upload) {
    say(
      facts,
      rules.too_large.replace("{name}", () => file.name),
    );
    facts.hidden = false;
    return;
  }
  const size = rules.part_bytes;
  const parts = Math.max(1, Math.ceil(file.size / size));
  say(facts, `Uploading ${file.name} …`);
  facts.hidden = false;
  for (let part = 0; part < parts; part += 1) {
    const data = await file.slice(part * size, (part + 1) * size).arrayBuffer();
    send({ kind: "upload", name: file.name, part, parts }, [data]);
  }
}

function fileField(id, wires, facts) {
  const { formats } = wires.rules;
  const file = h("input", {
    type: "file",
    id: `${id}-file`,
    accept: formats.map((name) => `.${name.toLowerCase()}`).join(),
    onchange: () => file.files.length && upload(file.files[0], wires, facts),
  });
  const names = `${formats.slice(0, -1).join(", ")} or ${formats.at(-1)}`;
  return field(file, names);
}

/** The panel of the source; `slot` is where the microphone's own controls go. */
export function sourcePanel(wires) {
  const { model, send, ask, slot, rules } = wires;
  const id = unique("source");
  const choice = h("select", {
    id,
    onchange: () => send({ kind: "source", choice: choice.value }),
  });
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
  const fileRow = fileField(id, wires, facts);
  const parts = [pathRow, fileRow, slot, canvas, facts, problem, player.element];
  const element = panel("Source", "source", field(choice, "Sound"), ...parts);
  const view = { choice, path, pathRow, fileRow, slot, facts, problem, canvas, wave, player };
  let last = { names: "", sound: "" };
  return {
    element,
    update() {
      last = showSource(view, model.get("setup"), rules, last);
    },
    close() {
      wave.close();
      player.close();
    },
  };
}

/** Show what is set up; returns what was shown, so that the next time only news are drawn. */
function showSource(view, setup, rules, last) {
  const { choice, path, slot, problem, canvas, wave, player } = view;
  const { sound } = setup;
  const names = JSON.stringify(setup.choices);
  if (names !== last.names) {
    choice.replaceChildren(...setup.choices.map(([value, text]) => h("option", { value }, text)));
  }
  choice.value = setup.choice;
  view.pathRow.hidden = setup.choice !== "file";
  view.fileRow.hidden = setup.choice !== "upload";
  slot.hidden = !rules.microphone.includes(setup.choice);
  if (document.activeElement !== path) path.value = setup.path;
  say(problem, sound.problem);
  problem.hidden = !sound.problem;
  path.setAttribute("aria-invalid", String(Boolean(sound.problem)));
  say(view.facts, soundFacts(sound) || (slot.hidden && !sound.problem ? "No sound yet." : ""));
  view.facts.hidden = !view.facts.textContent;
  canvas.hidden = !sound.name;
  player.element.hidden = !sound.name;
  const key = `${sound.name} ${sound.duration_s}`;
  if (key !== last.sound) {
    wave.set(sound.peaks);
    wave.at(0);
    player.forget();
  }
  return { names, sound: key };
}

function soundFacts(sound) {
  if (!sound.name) return "";
  const lanes = sound.channels === 1 ? "mono" : `${sound.channels} channels`;
  return `${sound.name} · ${seconds(sound.duration_s)} · ${sound.sample_rate / 1000} kHz · ${lanes}`;
}
