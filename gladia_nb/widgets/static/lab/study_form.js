// What a study is made of: recordings, arms, limits. What is typed goes to the kernel as it is.

import { field, h, say, tickBox, unique } from "./dom.js";

/** Milliseconds after the last key until what was typed is sent. */
const STUDY_TYPED_MS = 200;

/** A field of text, with help and what is wrong with it. */
function studyText(name, label, help, { send }) {
  const id = unique("study");
  let waiting = null;
  const put = () => {
    clearTimeout(waiting);
    send({ kind: "study_set", name, value: input.value });
  };
  const input = h("input", {
    type: "text",
    id,
    spellcheck: "false",
    autocomplete: "off",
    "aria-describedby": `${id}-help ${id}-problem`,
    oninput() {
      clearTimeout(waiting);
      waiting = setTimeout(put, STUDY_TYPED_MS);
    },
    onchange: put,
  });
  const words = h("p", { class: "gnb-help", id: `${id}-help` }, help);
  const problem = h("p", { class: "gnb-problem", id: `${id}-problem` });
  const element = field(input, label);
  element.append(words, problem);
  return {
    element,
    help: (text) => say(words, text),
    hide: (hidden) => {
      element.hidden = hidden;
    },
    update({ typed, problems }) {
      if (document.activeElement !== input && input.value !== typed[name]) {
        input.value = typed[name];
      }
      const sentence = problems[name] || "";
      // Some are whole sentences, some are what a model says of a value.
      const told = sentence.replace(/\.$/, "");
      say(problem, told && `${told[0].toUpperCase()}${told.slice(1)}.`);
      problem.hidden = !sentence;
      words.hidden = Boolean(sentence) || !words.textContent;
      input.setAttribute("aria-invalid", String(Boolean(sentence)));
    },
  };
}

/** A box to tick. */
function studyFlag(name, label, help, { send }) {
  const id = unique("study");
  const described = help ? { "aria-describedby": `${id}-help` } : {};
  const put = (value) => send({ kind: "study_set", name, value });
  const { box, show } = tickBox({ id, ...described }, put);
  const words = help ? h("p", { class: "gnb-help", id: `${id}-help` }, help) : null;
  const text = h("div", {}, h("label", { for: id }, label), words);
  return {
    element: h("div", { class: "gnb-flag" }, box, text),
    update({ typed }) {
      show(typed[name]);
    },
  };
}

/** A choice; `offer(study)` are pairs of value and text. */
function studyChoice(name, label, offer, { send }) {
  const select = h("select", {
    id: unique("study"),
    onchange: () => send({ kind: "study_set", name, value: select.value }),
  });
  let offered = "";
  return {
    element: field(select, label),
    update(study) {
      const options = offer(study);
      const key = JSON.stringify(options);
      if (key !== offered) {
        offered = key;
        select.replaceChildren(...options.map(([value, text]) => h("option", { value }, text)));
        select.value = study.typed[name];
      }
      // What is being chosen stays, whatever was on its way by then.
      if (document.activeElement !== select) select.value = study.typed[name];
      // An arm that is no longer there: the first is taken.
      if (select.selectedIndex < 0) select.selectedIndex = 0;
    },
  };
}

/** A setting and the values of it that are compared. */
function studyFactor(number, word, wires) {
  const { study_settings: settings } = wires.rules;
  const name = `setting_${number}`;
  const none = number === 1 ? [] : [["", "none"]];
  const options = [...none, ...settings.map(([value, text]) => [value, text])];
  const setting = studyChoice(name, `${word} setting`, () => options, wires);
  const values = studyText(`values_${number}`, `Values of the ${word.toLowerCase()}`, "", wires);
  return {
    element: h("div", { class: "gnb-factor" }, setting.element, values.element),
    update(study) {
      const found = settings.find(([value]) => value === study.typed[name]);
      values.help(`With commas between them${found?.[2] ? `; ${found[2]}` : ""}.`);
      values.hide(!found);
      setting.update(study);
      values.update(study);
    },
  };
}

function studyGroup(title, ...children) {
  return h("fieldset", {}, h("legend", {}, title), ...children);
}

/** All fields of a study. */
export function studyForm(wires) {
  const { samples } = wires.rules;
  const text = (name, label, help) => studyText(name, label, help, wires);
  const boxes = samples.map(([name, label]) => studyFlag(name, label, "", wires));
  const corpus = text(
    "corpus",
    "Recordings of your own",
    "A folder of sounds with their words, or a list of them.",
  );
  const first = studyFactor(1, "First", wires);
  const second = studyFactor(2, "Second", wires);
  const none = (study) => (study.arms.length ? study.arms.map((arm) => [arm, arm]) : [["", "–"]]);
  const baseline = studyChoice("baseline", "Baseline", none, wires);
  const twice = studyFlag(
    "null",
    "Run the baseline twice",
    "Shows how much sessions differ by themselves.",
    wires,
  );
  const numbers = [
    text("repeats", "Repeats", "How often each arm meets each recording."),
    text("plan", "Sessions at once", "free (1), paid (30), or a number."),
    text("budget", "Budget, hours", "The most that may be billed; empty for no limit."),
    text("price", "Price of an hour", "For the estimate; empty for none."),
  ];
  const folder = text("folder", "Folder of the study", "Keeps every run; the same folder goes on.");
  const element = h(
    "div",
    { class: "gnb-settings" },
    studyGroup(
      "Recordings",
      h("div", { class: "gnb-flags" }, ...boxes.map((box) => box.element)),
      corpus.element,
    ),
    studyGroup(
      "Arms: every combination of the values",
      h("div", { class: "gnb-factors" }, first.element, second.element),
      h("div", { class: "gnb-factors gnb-against" }, baseline.element, twice.element),
    ),
    studyGroup(
      "Extent",
      h("div", { class: "gnb-fields gnb-numbers" }, ...numbers.map((one) => one.element)),
      folder.element,
    ),
  );
  const parts = [...boxes, corpus, first, second, baseline, twice, ...numbers, folder];
  return {
    element,
    update(study) {
      for (const part of parts) part.update(study);
    },
  };
}
