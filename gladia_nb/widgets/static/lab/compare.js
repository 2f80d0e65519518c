// Some runs side by side: each with a letter and a colour, the first chosen one the baseline.

import { button, dataTable, field, h, lookOf, pictureOf, say, unique } from "./dom.js";

/** A run by its letter, its colour and its name. */
function chip(letter, colour, name) {
  const mark = h("span", { class: "gnb-letter" }, letter);
  mark.style.borderColor = colour;
  return h("span", { class: "gnb-chip" }, mark, " ", h("span", {}, name));
}

/** The table, whole or only where something differs. */
function sideTable({ table, differs }, chips) {
  const place = h("div", {});
  const box = h("input", {
    type: "checkbox",
    id: unique("differs"),
    checked: true,
    onchange: draw,
  });
  const label = h("label", { for: box.id }, "Only what differs");
  function draw() {
    const rows = table.rows.filter((_, k) => !box.checked || differs[k]);
    const columns = [table.columns[0], ...chips().slice(0, table.columns.length - 1)];
    const shown = { ...table, columns, rows };
    const words = rows.length ? "Runs side by side" : "Runs side by side: nothing differs";
    place.replaceChildren(dataTable(shown, words));
  }
  draw();
  return [h("div", { class: "gnb-flag" }, box, label), place];
}

/** Which run is shown against the baseline, and the picture of that. */
function differencePart(runs, chips, ask, picture) {
  const place = h("div", { class: "gnb-result", "aria-live": "polite" });
  const [baseline, ...others] = runs;
  const names = namesOf(runs);
  const select = h(
    "select",
    { id: unique("against"), onchange: draw },
    ...others.map((_, k) => h("option", { value: String(k) }, `${chips[k + 1]} ${names[k + 1]}`)),
  );
  async function draw() {
    const k = Number(select.value);
    say(place, "Drawing …");
    const paths = { baseline: baseline.path, path: others[k].path };
    const answer = await ask({ kind: "difference", ...paths, ...lookOf(place) });
    if (!answer) {
      say(place, "");
      return;
    }
    const { paired, text } = answer.content;
    const head = h("h4", {}, `${chips[k + 1]} minus ${chips[0]}, ${paired}`);
    place.replaceChildren(head, picture.of(answer.buffers[0], text));
  }
  const choice = field(select, `Against ${chips[0]}`);
  choice.classList.add("gnb-short");
  choice.hidden = others.length === 1;
  return { parts: [choice, place], draw };
}

/** Names that tell runs apart: where two have the same, each says when it began. */
function namesOf(runs) {
  const same = ({ name }) => runs.filter((one) => one.name === name).length > 1;
  return runs.map((run) => (same(run) ? `${run.name}, ${run.began}` : run.name));
}

/** A button that compares what is chosen; `chosen()` are rows of the shelf, in their order. */
export function comparison(chosen, { ask, rules }) {
  const picture = pictureOf();
  const result = h("div", { class: "gnb-result" });
  let wanted = "";
  const baseline = h("select", {
    id: unique("baseline"),
    onchange() {
      wanted = baseline.value;
    },
  });
  const choice = field(baseline, "Baseline");
  choice.classList.add("gnb-baseline");

  /** What can be the baseline, named as in the table of runs. */
  function offer() {
    const rows = chosen();
    choice.hidden = rows.length < 2;
    baseline.replaceChildren(
      ...rows.map(({ path, name, began }) => h("option", { value: path }, `${name}, ${began}`)),
    );
    // The oldest of them, until somebody says otherwise.
    baseline.value = rows.some(({ path }) => path === wanted) ? wanted : (rows.at(-1)?.path ?? "");
  }
  async function act() {
    const rows = chosen();
    const first = rows.find(({ path }) => path === baseline.value) ?? rows[0];
    const runs = [first, ...rows.filter((row) => row !== first).reverse()];
    const answer = await ask({ kind: "compare", paths: runs.map(({ path }) => path) });
    if (!answer) return;
    const { letters, run_colours: colours } = rules;
    const names = namesOf(runs);
    const chips = () =>
      runs.map(({ began }, k) => {
        const title = k ? names[k] : `${names[k]} (baseline)`;
        const one = chip(letters[k], colours[k % colours.length], title);
        one.title = began;
        return one;
      });
    const named = [...letters].slice(0, runs.length);
    const difference = differencePart(runs, named, ask, picture);
    result.replaceChildren(
      h("h4", {}, "Side by side"),
      ...sideTable(answer.content, chips),
      ...difference.parts,
    );
    difference.draw();
  }
  return { compare: button("Compare", act), choice, offer, result, close: picture.close };
}
