// A study of many runs: its form, its plan, how far it is, and what came of it.

import { chooser, fileRow } from "./after.js";
import { button, dataTable, h, panel, pictureOf, say, unique } from "./dom.js";
import { studyForm } from "./study_form.js";

/** A button that can be off without losing the focus. */
function studyButton(text, act, attributes) {
  const one = button(text, () => one.getAttribute("aria-disabled") !== "true" && act(), attributes);
  return one;
}

/** What a study takes. */
function studyPlan() {
  const facts = h("dl", { class: "gnb-plan" });
  const notes = h("div", {});
  const heading = h("h4", {}, "The plan");
  const element = h("div", { "aria-live": "polite" }, heading, facts, notes);
  let shown = "";
  function update({ plan, running }) {
    element.hidden = !plan || running;
    const key = JSON.stringify(plan);
    if (!plan || key === shown) return;
    shown = key;
    const rows = plan.facts.map(([name, value]) =>
      h("div", {}, h("dt", {}, name), h("dd", {}, value)),
    );
    facts.replaceChildren(...rows);
    notes.replaceChildren(...plan.notes.map((text) => h("p", { class: "gnb-note" }, text)));
  }
  return { element, update };
}

/** Cells by arm and state, and the last sentences. */
function studyProgress({ rules }) {
  const place = h("div", {});
  const summary = h("p", { class: "gnb-facts", role: "status" });
  const sentences = h("ul", { class: "gnb-facts gnb-said", "aria-label": "What happened last" });
  const heading = h("h4", {}, "Cells");
  const element = h("div", {}, heading, summary, place, sentences);
  let arms = "";
  let cells = [];
  function table(rows) {
    const key = JSON.stringify(rows.map(([arm]) => arm));
    if (key !== arms) {
      arms = key;
      cells = rows.map((row) => row.slice(1).map(() => document.createTextNode("")));
      const found = rows.map(([arm], k) => [arm, ...cells[k].map((cell) => h("span", {}, cell))]);
      const columns = [
        "Arm",
        ...rules.cell_states.map((state) => `${state[0].toUpperCase()}${state.slice(1)}`),
      ];
      place.replaceChildren(dataTable({ columns, rows: found }, "Cells of each arm by state"));
    }
    rows.forEach(([, ...counts], k) => {
      counts.forEach((count, j) => {
        if (cells[k][j].data !== String(count)) cells[k][j].data = String(count);
      });
    });
  }
  function update(study) {
    element.hidden = !study.rows.length && !study.running;
    say(summary, study.stopping ? "Stopping: what is under way ends properly." : study.summary);
    summary.hidden = !summary.textContent;
    place.hidden = !study.rows.length;
    if (study.rows.length) table(study.rows);
    sentences.hidden = !study.sentences.length;
    const said = study.sentences.join("\n");
    if (sentences.dataset.said === said) return;
    sentences.dataset.said = said;
    sentences.replaceChildren(...study.sentences.map((text) => h("li", {}, text)));
  }
  return { element, update };
}

/** The comparison, its pictures, and a page of all. */
function studyResults(found, ask, picture) {
  const { table, notes, pictures, page } = found;
  if (!table.rows.length) {
    const words = "No arm has a block in common with the baseline yet.";
    return [h("p", { class: "gnb-empty" }, words)];
  }
  const draw = async (name, place) => {
    say(place, "Drawing …");
    const answer = await ask({ kind: "study_picture", name });
    if (answer) place.replaceChildren(picture.of(answer.buffers[0], answer.content.text));
    else say(place, "It could not be drawn; the reason is above.");
  };
  const status = h("p", { class: "gnb-facts", role: "status" });
  const write = async (path) => {
    say(status, "Writing …");
    const answer = await ask({ kind: "study_page", path });
    say(status, answer?.content.text ?? "");
  };
  const rows =
    table.total > table.rows.length ? `, first ${table.rows.length} of ${table.total}` : "";
  return [
    h("h4", {}, "Each arm against the baseline"),
    dataTable(table, `Differences, paired within each block${rows}`),
    ...notes.map((text) => h("p", { class: "gnb-note" }, text)),
    ...(pictures.length ? chooser("Picture of the study", pictures, draw) : []),
    fileRow("Page of the study", page, "One file with everything, and links to the runs.", write),
    status,
  ];
}

/** The panel of all that, folded until somebody looks. */
export function studyPanel(wires) {
  const { model, ask, send } = wires;
  const fields = studyForm(wires);
  const plan = studyPlan();
  const progress = studyProgress(wires);
  const picture = pictureOf();
  const results = h("div", { class: "gnb-body" });
  const why = h("p", { class: "gnb-why", role: "status", id: unique("why") });
  const described = { "aria-describedby": why.id };
  let ended = null;

  async function look() {
    say(results, "Comparing …");
    const answer = await ask({ kind: "study_compare" });
    if (answer) results.replaceChildren(...studyResults(answer.content, ask, picture));
    else say(results, "");
  }
  const see = studyButton("See the plan", () => ask({ kind: "study_plan" }), described);
  const run = studyButton("Run the study", () => send({ kind: "study_run" }), {
    class: "gnb-button gnb-primary",
    ...described,
  });
  const stop = studyButton("Stop the study", () => send({ kind: "stop" }));
  const compare = studyButton("Compare the arms", look);
  const off = (one, reason) => one.setAttribute("aria-disabled", String(Boolean(reason)));
  const head = h("summary", {}, "Compare settings on several recordings");
  const state = h("span", { class: "gnb-count" });
  head.append(state);
  const fold = h(
    "details",
    {},
    head,
    h(
      "div",
      { class: "gnb-study-body" },
      h(
        "p",
        { class: "gnb-help" },
        "What the arms leave open, and the service, is as in Settings.",
      ),
      fields.element,
      h("div", { class: "gnb-row" }, see, run, stop, compare, why),
      plan.element,
      progress.element,
      results,
    ),
  );

  function update() {
    const study = model.get("study");
    if (!study.typed) return;
    for (const part of [fields, plan, progress]) part.update(study);
    const { running, missing } = study;
    off(see, running || missing);
    off(run, running || missing);
    off(stop, !running || study.stopping);
    off(compare, running || !study.plan?.done);
    say(why, running ? "" : missing);
    say(state, running ? ` · ${study.summary}` : "");
    // What came of the last one is no news of this one.
    if (running) results.replaceChildren();
    // What came of one that has just ended; of one that ended before this page, on demand.
    if (ended !== null && study.ended > ended && study.plan?.done) look();
    ended = study.ended;
  }
  return { element: panel("Study", "study", fold), update, close: picture.close };
}
