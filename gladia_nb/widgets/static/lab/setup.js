// Source, settings, key: what the run will be.

import { button, h, panel, say, seconds, tabs, unique } from "./dom.js";
import { waveform } from "./waveform.js";

const PART = 1 << 20;
const PRESETS = {
  voice_agent: "Voice agent",
  meeting: "Meeting",
  call_centre: "Call centre",
  captions: "Captions",
};
const PLACES = [
  ["embedded", "", "Embedded server: no key, no network"],
  ["gladia", "", "Gladia: nearest region"],
  ["gladia", "eu-west", "Gladia: eu-west"],
  ["gladia", "us-west", "Gladia: us-west"],
  ["url", "", "Another URL"],
];

function shown(field, value) {
  if (value === null || value === undefined) return "";
  if (field.kind === "list" && Array.isArray(value)) return value.join(", ");
  if (field.kind === "json" && typeof value !== "string") return JSON.stringify(value);
  return String(value);
}

function defaultText(field) {
  const value = field.default;
  if (field.kind === "flag") return value ? "on" : "off";
  if (value === null) return ["sample_rate", "channels"].includes(field.name) ? "source’s" : "none";
  if (Array.isArray(value)) return value.length ? value.join(", ") : "detect";
  return String(value);
}

/** Where the sound comes from. */
export function sourcePanel({ model, send, ask, slot }) {
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
  const pathRow = h("div", { class: "gnb-field" }, h("label", { for: path.id }, "Path"), path);
  const file = h("input", {
    type: "file",
    id: `${id}-file`,
    accept: ".wav,.flac,.ogg,.mp3,.aiff,.aif",
    onchange: () => file.files.length && upload(file.files[0]),
  });
  const fileRow = h(
    "div",
    { class: "gnb-field" },
    h("label", { for: file.id }, "WAV, FLAC, OGG, MP3 or AIFF"),
    file,
  );
  const facts = h("p", { class: "gnb-facts", role: "status" });
  const problem = h("p", { class: "gnb-problem", id: `${id}-problem` });
  const canvas = h("canvas", { class: "gnb-wave", "aria-hidden": "true" });
  const wave = waveform(canvas);
  const player = h("audio", { controls: true, "aria-label": "The source" });
  const listen = button("Listen", load);
  const listening = h("div", { class: "gnb-listen" }, listen, player);
  player.hidden = true;
  player.addEventListener("timeupdate", () => wave.at(player.currentTime / player.duration));
  let playing = "";
  let url = "";

  async function upload(chosen) {
    const parts = Math.max(1, Math.ceil(chosen.size / PART));
    say(facts, `Uploading ${chosen.name} …`);
    for (let part = 0; part < parts; part += 1) {
      const data = await chosen.slice(part * PART, (part + 1) * PART).arrayBuffer();
      send({ kind: "upload", name: chosen.name, part, parts }, [data]);
    }
  }

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

  const element = panel(
    "Source",
    "source",
    h("div", { class: "gnb-field" }, h("label", { for: id }, "Sound"), choice),
    pathRow,
    fileRow,
    slot,
    canvas,
    facts,
    problem,
    listening,
  );
  let named = "";
  function update() {
    const setup = model.get("setup");
    const sound = setup.sound;
    const names = JSON.stringify(setup.choices);
    if (names !== named) {
      named = names;
      choice.replaceChildren(...setup.choices.map(([value, text]) => h("option", { value }, text)));
    }
    choice.value = setup.choice;
    pathRow.hidden = setup.choice !== "file";
    fileRow.hidden = setup.choice !== "upload";
    slot.hidden = !["take", "stream", "direct"].includes(setup.choice);
    if (document.activeElement !== path) path.value = setup.path;
    say(problem, sound.problem);
    problem.hidden = !sound.problem;
    path.setAttribute("aria-invalid", String(Boolean(sound.problem)));
    const lanes = sound.channels === 1 ? "mono" : `${sound.channels} channels`;
    say(
      facts,
      sound.name
        ? `${sound.name} · ${seconds(sound.duration_s)} · ${sound.sample_rate / 1000} kHz · ${lanes}`
        : slot.hidden && !sound.problem
          ? "No sound yet."
          : "",
    );
    canvas.hidden = !sound.name;
    facts.hidden = !facts.textContent;
    const key = `${sound.name} ${sound.duration_s}`;
    if (key !== playing) {
      playing = key;
      wave.set(sound.peaks);
      wave.at(0);
      player.hidden = true;
      player.removeAttribute("src");
      listen.hidden = false;
    }
    listening.hidden = !sound.name;
  }
  return {
    element,
    update,
    close() {
      wave.close();
      if (url) URL.revokeObjectURL(url);
    },
  };
}

/** One field of the form; `update(setup)` marks it. */
function fieldRow(field, send) {
  const id = unique("field");
  const describedby = `${id}-help ${id}-problem`;
  const common = { id, "aria-describedby": describedby };
  const put = (value) => send({ kind: "set", name: field.name, value });
  let waiting = null;
  const later = (value) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => put(value), 200);
  };
  let input;
  if (field.kind === "flag") {
    input = h("input", { ...common, type: "checkbox", onchange: () => put(input.checked) });
  } else if (field.kind === "choice") {
    const options = field.choices.map((value) => h("option", { value: String(value) }, String(value)));
    if (field.default === null) options.unshift(h("option", { value: "" }, "as the source"));
    input = h("select", { ...common, onchange: () => put(input.value) }, ...options);
  } else if (field.kind === "json") {
    input = h("textarea", { ...common, rows: "2", spellcheck: "false" });
  } else {
    const mode = { number: "decimal", whole: "numeric" }[field.kind];
    const attributes = { ...common, type: "text", spellcheck: "false", autocomplete: "off" };
    input = h("input", { ...attributes, inputmode: mode });
  }
  if (!["flag", "choice"].includes(field.kind)) {
    input.addEventListener("input", () => later(input.value));
    input.addEventListener("change", () => {
      clearTimeout(waiting);
      put(input.value);
    });
  }
  const back = button(
    `Default: ${defaultText(field)}`,
    () => {
      clearTimeout(waiting);
      if (field.kind === "flag") input.checked = field.default === true;
      else input.value = shown(field, field.default);
      send({ kind: "reset", name: field.name });
      input.focus();
    },
    { class: "gnb-back", "aria-label": `${field.label}: back to the default, ${defaultText(field)}` },
  );
  const changed = h("span", { class: "gnb-changed" }, "changed ", back);
  const problem = h("p", { class: "gnb-problem", id: `${id}-problem` });
  const range = field.low === null ? "" : `${field.low} to ${field.high}`;
  const limits = range && !field.help.includes(range) ? `${range}. ` : "";
  const help = h("p", { class: "gnb-help", id: `${id}-help` }, `${limits}${field.help}`);
  help.hidden = !help.textContent;
  const name = h("label", { for: id }, field.label);
  const element =
    field.kind === "flag"
      ? h("div", { class: "gnb-flag" }, input, h("div", {}, name, changed, help, problem))
      : h("div", { class: "gnb-field" }, h("div", { class: "gnb-top" }, name, changed), input, help, problem);
  function update(setup) {
    const value = setup.values[field.name];
    const isChanged = setup.changed.includes(field.name);
    const sentence = setup.problems[field.name] || "";
    if (field.kind === "flag") input.checked = value === true;
    else if (document.activeElement !== input || !isChanged) {
      const text = shown(field, value);
      const typing = document.activeElement === input;
      if (!typing && input.value !== text) input.value = text;
    }
    changed.hidden = !isChanged;
    element.classList.toggle("gnb-is-changed", isChanged);
    // The label says already which field it is.
    const short = sentence.replace(`${field.name} `, "");
    say(problem, sentence && `${short[0].toUpperCase()}${short.slice(1)}.`);
    problem.hidden = !sentence;
    input.setAttribute("aria-invalid", String(Boolean(sentence)));
  }
  return { element, update, field };
}

/** Which service, and the key for it. The key is sent once and kept nowhere in the page. */
function placeRow(fields, send, model) {
  const id = unique("place");
  const place = h("select", {
    id,
    onchange() {
      const [target, region] = PLACES[Number(place.value)];
      send({ kind: "set", name: "target", value: target });
      send({ kind: "set", name: "region", value: region });
    },
  });
  place.append(...PLACES.map(([, , text], k) => h("option", { value: String(k) }, text)));
  const url = fieldRow(fields.find((field) => field.name === "url"), send);
  const typed = h("input", {
    type: "password",
    id: `${id}-key`,
    autocomplete: "off",
    "aria-describedby": `${id}-key-help`,
    onkeydown: (event) => event.key === "Enter" && use(),
  });
  function use() {
    send({ kind: "key", value: typed.value });
    typed.value = "";
    typed.focus();
  }
  const entry = h(
    "div",
    { class: "gnb-field" },
    h("label", { for: typed.id }, "API key"),
    h("div", { class: "gnb-pair" }, typed, button("Use this key", use)),
    h(
      "p",
      { class: "gnb-help", id: `${id}-key-help` },
      "Goes to the kernel’s memory only: not into the notebook, a run or a report.",
    ),
  );
  const state = h("p", { class: "gnb-facts", role: "status" });
  const forget = button("Forget the key", () => send({ kind: "forget" }));
  const key = h("div", { class: "gnb-key" }, state, forget, entry);
  const element = h(
    "div",
    { class: "gnb-place" },
    h("div", { class: "gnb-field" }, h("label", { for: id }, "Where to"), place),
    url.element,
    key,
  );
  function update(setup) {
    const { target } = setup.values;
    const region = setup.values.region || "";
    const at = PLACES.findIndex(([t, r]) => t === target && (t !== "gladia" || r === region));
    place.value = String(at);
    url.element.hidden = target !== "url";
    key.hidden = target === "embedded";
    url.update(setup);
    const words = {
      none: "No key is set.",
      typed: "A key is set, typed here.",
      environment: "A key is set, from GLADIA_API_KEY.",
    };
    say(state, words[setup.key]);
    forget.hidden = setup.key !== "typed";
    entry.hidden = setup.key === "typed";
  }
  return { element, update };
}

/** Settings, and the same as code. */
export function settingsPanel({ model, send }) {
  const fields = model.get("form");
  const rows = fields
    .filter((field) => !["target", "region", "url"].includes(field.name))
    .map((field) => fieldRow(field, send));
  const place = placeRow(fields, send, model);
  const id = unique("preset");
  const preset = h("select", {
    id,
    onchange: () => send({ kind: "preset", name: preset.value }),
  });
  const of = (test) => rows.filter((row) => test(row.field)).map((row) => row.element);
  const front = of((field) => field.front && !field.path[0].startsWith("messages"));
  const messages = of((field) => field.path[0] === "messages_config");
  const groups = [...new Set(rows.map((row) => row.field.group))];
  const folds = groups
    .map((group) => ({
      group,
      members: rows.filter((row) => row.field.group === group && !row.field.front),
    }))
    .filter((fold) => fold.members.length)
    .map(({ group, members }) => {
      const count = h("span", { class: "gnb-count" });
      const element = h(
        "details",
        {},
        h("summary", {}, group, count),
        h("div", { class: "gnb-fields" }, ...members.map((row) => row.element)),
      );
      const names = members.map((row) => row.field.name);
      return { element, names, count };
    });
  const whole = h("p", { class: "gnb-problem", role: "status" });
  const settings = h(
    "div",
    { class: "gnb-settings" },
    place.element,
    h("div", { class: "gnb-field" }, h("label", { for: id }, "Preset"), preset),
    h("div", { class: "gnb-fields" }, ...front),
    h(
      "fieldset",
      {},
      h("legend", {}, "Messages to receive"),
      h("div", { class: "gnb-flags" }, ...messages),
    ),
    ...folds.map((fold) => fold.element),
    whole,
  );
  const pre = h("pre", { tabindex: "0", role: "region", "aria-label": "Code" }, h("code"));
  const copied = h("span", { role: "status", class: "gnb-facts" });
  const copy = button("Copy", async () => {
    try {
      await navigator.clipboard.writeText(pre.textContent);
      say(copied, "Copied.");
    } catch {
      const range = document.createRange();
      range.selectNodeContents(pre);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      say(copied, "Selected; press Ctrl+C to copy.");
    }
  });
  const code = h("div", { class: "gnb-code" }, pre, h("div", { class: "gnb-row" }, copy, copied));
  const body = h("div", {}, settings, code);
  const bar = tabs("Settings and the same as code", ["Settings", "Python", "JSON", "curl"], body, show);
  function show(name) {
    settings.hidden = name !== "Settings";
    code.hidden = name === "Settings";
    say(copied, "");
    if (name !== "Settings") say(pre.firstChild, model.get("setup").code[name]);
  }
  bar.select("Settings");

  let offered = "";
  function update() {
    const setup = model.get("setup");
    if (offered !== setup.presets.join()) {
      offered = setup.presets.join();
      preset.replaceChildren(
        h("option", { value: "" }, "The API’s defaults, every message"),
        ...setup.presets.map((name) => h("option", { value: name }, PRESETS[name] || name)),
        h("option", { value: "own", disabled: true, hidden: true }, "Your own"),
      );
    }
    const own = setup.changed.some((name) => rows.some((row) => row.field.name === name && row.field.group !== "Sending"));
    preset.value = setup.preset || (own ? "own" : "");
    rows.forEach((row) => row.update(setup));
    place.update(setup);
    for (const fold of folds) {
      const wrong = fold.names.filter((name) => setup.problems[name]).length;
      const changed = fold.names.filter((name) => setup.changed.includes(name)).length;
      const words = [];
      if (changed) words.push(`${changed} changed`);
      if (wrong) words.push(`${wrong} to mend`);
      say(fold.count, words.length ? ` · ${words.join(", ")}` : "");
      if (wrong) fold.element.open = true;
    }
    say(whole, setup.problems[""] || "");
    whole.hidden = !setup.problems[""];
    if (bar.current() !== "Settings") say(pre.firstChild, setup.code[bar.current()]);
  }
  return { element: panel("Settings", "config", bar.list, body), update };
}
