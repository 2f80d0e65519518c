// Settings, and the same as code.

import { button, field, foldPanel, h, say, tabs, unique } from "./dom.js";
import { fieldRow } from "./field.js";
import { placeDetails } from "./place.js";

/** Fields of the service: which one is chosen in the bar. */
const PLACE = ["target", "region", "url"];

/** A group of fields that is folded until somebody looks, or something in it is wrong. */
function fold(group, members) {
  const count = h("span", { class: "gnb-count" });
  const element = h(
    "details",
    {},
    h("summary", {}, group, count),
    h("div", { class: "gnb-fields" }, ...members.map((row) => row.element)),
  );
  const names = members.map((row) => row.field.name);
  function update(setup) {
    const wrong = names.filter((name) => setup.problems[name]).length;
    const changed = names.filter((name) => setup.changed.includes(name)).length;
    const words = [];
    if (changed) words.push(`${changed} changed`);
    if (wrong) words.push(`${wrong} to mend`);
    say(count, words.length ? ` · ${words.join(", ")}` : "");
    if (wrong) element.open = true;
  }
  return { element, update };
}

function foldsOf(rows) {
  return [...new Set(rows.map((row) => row.field.group))]
    .map((group) => [group, rows.filter((row) => row.field.group === group && !row.field.front)])
    .filter(([, members]) => members.length)
    .map(([group, members]) => fold(group, members));
}

/** Presets, and whether what is set is still one. */
function presetRow(rows, { send, rules }) {
  const preset = h("select", {
    id: unique("preset"),
    onchange: () => send({ kind: "preset", name: preset.value }),
  });
  const configured = rows.filter((row) => !rules.options.includes(row.field.name));
  let offered = "";
  function update(setup) {
    if (offered !== setup.presets.join()) {
      offered = setup.presets.join();
      preset.replaceChildren(
        h("option", { value: "" }, "The API’s defaults, every message"),
        ...setup.presets.map((name) => h("option", { value: name }, rules.presets[name])),
        h("option", { value: "own", disabled: true, hidden: true }, "Your own"),
      );
    }
    const own = configured.some((row) => setup.changed.includes(row.field.name));
    preset.value = setup.preset || (own ? "own" : "");
  }
  return { element: field(preset, "Preset"), update };
}

/** Every field of the configuration and every option. */
function form(wires) {
  const fields = wires.model.get("form");
  const rows = fields
    .filter((one) => !PLACE.includes(one.name))
    .map((one) => fieldRow(one, wires.send));
  const place = placeDetails(fields, wires);
  const preset = presetRow(rows, wires);
  const of = (test) => rows.filter((row) => test(row.field)).map((row) => row.element);
  const front = of((one) => one.front && !one.path[0].startsWith("messages"));
  const messages = of((one) => one.path[0] === "messages_config");
  const folds = foldsOf(rows);
  const whole = h("p", { class: "gnb-problem", role: "status" });
  const element = h(
    "div",
    { class: "gnb-settings" },
    place.element,
    preset.element,
    h("div", { class: "gnb-fields" }, ...front),
    h(
      "fieldset",
      {},
      h("legend", {}, "Messages to receive"),
      h("div", { class: "gnb-flags" }, ...messages),
    ),
    ...folds.map((one) => one.element),
    whole,
  );
  function update(setup) {
    for (const part of [preset, ...rows, place, ...folds]) part.update(setup);
    say(whole, setup.problems[""] || "");
    whole.hidden = !setup.problems[""];
  }
  return { element, update };
}

/** The same as code, with a button that copies it. */
function code() {
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
  const row = h("div", { class: "gnb-row" }, copy, copied);
  return {
    element: h("div", { class: "gnb-code" }, pre, row),
    show: (text) => say(pre.firstChild, text),
    forget: () => say(copied, ""),
  };
}

/** The panel of all that. */
export function settingsPanel(wires) {
  const { model } = wires;
  const settings = form(wires);
  const same = code();
  const body = h("div", {}, settings.element, same.element);
  const names = ["Settings", "Python", "JSON", "curl"];
  const bar = tabs("Settings and the same as code", names, body, show);
  function show(name) {
    settings.element.hidden = name !== "Settings";
    same.element.hidden = name === "Settings";
    same.forget();
    if (name !== "Settings") same.show(model.get("setup").code[name]);
  }
  bar.select("Settings");
  const { element, fold, need, count } = foldPanel("Settings", "config", bar.list, body);
  let wanted = "";
  function update() {
    const setup = model.get("setup");
    settings.update(setup);
    if (bar.current() !== "Settings") same.show(setup.code[bar.current()]);
    const { target } = setup.values;
    const wrong = Object.keys(setup.problems).length;
    const words = [];
    if (setup.changed.length) words.push(`${setup.changed.length} changed`);
    if (wrong) words.push(`${wrong} to mend`);
    count(words.length ? ` · ${words.join(", ")}` : "");
    // What has to be mended or typed is shown, once for each time that it comes up.
    const wants = `${wrong > 0} ${target === "url" || (target === "gladia" && setup.key === "none")}`;
    if (wants !== wanted && wants.includes("true")) need();
    wanted = wants;
  }
  return { element, fold, need, update };
}
