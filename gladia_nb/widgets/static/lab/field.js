// One field of the form: its control, what is wrong with it, and the way back to its default.

import { button, h, say, tickBox, unique } from "./dom.js";
import { namedControl } from "./named.js";

/** Milliseconds after the last key until what was typed is sent. */
const TYPED_MS = 200;
/** Fields without a default of their own: the source decides. */
const OF_THE_SOURCE = ["sample_rate", "channels"];

function shown(field, value) {
  if (value === null || value === undefined) return "";
  if (field.kind === "list" && Array.isArray(value)) return value.join(", ");
  if (field.kind === "json" && typeof value !== "string") return JSON.stringify(value);
  return String(value);
}

function defaultText(field) {
  const value = field.default;
  if (field.kind === "flag") return value ? "on" : "off";
  if (field.kind === "named") return "as it is";
  if (value === null) return OF_THE_SOURCE.includes(field.name) ? "source’s" : "none";
  if (Array.isArray(value)) return value.length ? value.join(", ") : "detect";
  return String(value);
}

/**
 * A control and how to show a value in it; what is chosen goes to `put` at once, what is typed a
 * moment later.
 */
function controlOf(field, common, put) {
  if (field.kind === "named") return namedControl(field, common, put);
  if (field.kind === "flag") {
    const { box, show } = tickBox(common, put.now);
    const reset = (value) => {
      box.checked = value === true;
    };
    return { element: box, input: box, marked: [box], show, reset };
  }
  const input = control(field, common, put);
  const reset = (value) => {
    input.value = shown(field, value);
  };
  function show(value) {
    if (document.activeElement !== input) {
      const text = shown(field, value);
      if (input.value !== text) input.value = text;
    }
  }
  return { element: input, input, marked: [input], show, reset };
}

function control(field, common, put) {
  if (field.kind === "choice") {
    const texts = field.choices.map(String);
    const options = texts.map((value) => h("option", { value }, value));
    if (field.default === null) options.unshift(h("option", { value: "" }, "as the source"));
    const select = h("select", { ...common, onchange: () => put.now(select.value) }, ...options);
    return select;
  }
  const typed = {
    ...common,
    spellcheck: "false",
    oninput: () => put.later(input.value),
    onchange: () => put.now(input.value),
  };
  const inputmode = { number: "decimal", whole: "numeric" }[field.kind];
  const input =
    field.kind === "json"
      ? h("textarea", { ...typed, rows: "2" })
      : h("input", { ...typed, type: "text", autocomplete: "off", inputmode });
  return input;
}

/** Two ways to send a value; the latest wins. */
function sender(send, name) {
  let waiting = null;
  const now = (value) => {
    clearTimeout(waiting);
    send({ kind: "set", name, value });
  };
  return {
    now,
    later(value) {
      clearTimeout(waiting);
      waiting = setTimeout(now, TYPED_MS, value);
    },
    never: () => clearTimeout(waiting),
  };
}

/** One field of the form; `update(setup)` marks it. */
export function fieldRow(field, send) {
  const id = unique("field");
  const put = sender(send, field.name);
  const common = { id, "aria-describedby": `${id}-help ${id}-problem` };
  const one = controlOf(field, common, put);
  const text = defaultText(field);
  const reset = () => {
    put.never();
    one.reset(field.default);
    send({ kind: "reset", name: field.name });
    one.input.focus();
  };
  const said = { "aria-label": `${field.label}: back to the default, ${text}` };
  const back = button(`Default: ${text}`, reset, { class: "gnb-back", ...said });
  const changed = h("span", { class: "gnb-changed" }, "changed ", back);
  const problem = h("p", { class: "gnb-problem", id: `${id}-problem` });
  const range = field.low === null ? "" : `${field.low} to ${field.high}`;
  const limits = range && !field.help.includes(range) ? `${range}. ` : "";
  const help = h("p", { class: "gnb-help", id: `${id}-help` }, `${limits}${field.help}`);
  help.hidden = !help.textContent;
  const name = h("label", { for: id }, field.label);
  const element =
    field.kind === "flag"
      ? h("div", { class: "gnb-flag" }, one.element, h("div", {}, name, changed, help, problem))
      : h(
          "div",
          { class: "gnb-field" },
          h("div", { class: "gnb-top" }, name, changed),
          one.element,
          help,
          problem,
        );
  const view = { element, one, changed, problem };
  return { element, field, update: (setup) => showField(view, field, setup) };
}

function showField({ element, one, changed, problem }, field, setup) {
  const isChanged = setup.changed.includes(field.name);
  const sentence = setup.problems[field.name] || "";
  one.show(setup.values[field.name] ?? null);
  changed.hidden = !isChanged;
  element.classList.toggle("gnb-is-changed", isChanged);
  // The label says already which field it is.
  const short = sentence.replace(`${field.name} `, "");
  const doubt = sentence ? "" : setup.doubts[field.name] || "";
  const said = short || doubt;
  say(problem, said && `${said[0].toUpperCase()}${said.slice(1)}.`);
  problem.hidden = !said;
  problem.classList.toggle("gnb-doubt", Boolean(doubt));
  for (const part of one.marked) part.setAttribute("aria-invalid", String(Boolean(sentence)));
}
