// Elements, numbers as text, and colours as they are on the page now.

let count = 0;

/** An id that no other element of the page has, also where several such modules fill it. */
export function idOf(stem) {
  count += 1;
  return `gnb-hear-${stem}-${count}-${Math.random().toString(36).slice(2, 7)}`;
}

/** An element with attributes, listeners (`onclick`) and children; text is never read as HTML. */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Milliseconds as people say them; a dash for never. */
export function msText(value) {
  if (value === null || value === undefined) return "never";
  return Math.abs(value) < 10_000 ? `${Math.round(value)} ms` : `${(value / 1000).toFixed(1)} s`;
}

/** A place in the audio: "4.25 s", "1:05.2". It is rounded first: no minute has sixty seconds. */
export function placeText(value) {
  if (value === null || value === undefined) return "–";
  if (value < 59.995) return `${value.toFixed(2)} s`;
  const tenths = Math.round(value * 10);
  return `${Math.floor(tenths / 600)}:${((tenths % 600) / 10).toFixed(1).padStart(4, "0")}`;
}

/** Where an element's colours stand; in forced colours those of the system. */
export function inksOf(element) {
  const style = getComputedStyle(element);
  const own = (name) => style.getPropertyValue(`--gnb-${name}`).trim();
  if (matchMedia("(forced-colors: active)").matches) {
    const [text, ground, mark] = ["CanvasText", "Canvas", "Highlight"];
    const all = ["ink", "soft", "sent", "acknowledged", "partial", "edge"];
    return {
      ...Object.fromEntries(all.map((name) => [name, text])),
      rule: "GrayText",
      wave: "GrayText",
      surface: ground,
      final: mark,
      accent: mark,
    };
  }
  const names = "ink soft rule edge surface accent wave sent acknowledged partial final";
  return Object.fromEntries(names.split(" ").map((name) => [name, own(name)]));
}

/** Tell when the colours of the page may be others; returns how to end that. */
export function watchColours(changed) {
  const names = ["(prefers-color-scheme: dark)", "(forced-colors: active)"];
  const queries = names.map((name) => matchMedia(name));
  for (const query of queries) query.addEventListener("change", changed);
  // JupyterLab says here which theme it wears.
  const theme = new MutationObserver(changed);
  theme.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light"] });
  return () => {
    theme.disconnect();
    for (const query of queries) query.removeEventListener("change", changed);
  };
}

/** The first index whose value is above `value`, in a rising list. */
export function above(list, value) {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle] > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** A table of text; numbers stand to the right. */
export function tableOf(caption, columns, rows) {
  const counts = columns.map((_, k) => k > 0 && rows.every((row) => /^(\d|–|never)/.test(row[k])));
  const kind = (k) => (counts[k] ? "gnb-n" : null);
  const cell = (value, k) =>
    k ? el("td", { class: kind(k) }, value) : el("th", { scope: "row" }, value);
  const head = columns.map((name, k) => el("th", { scope: "col", class: kind(k) }, name));
  return el(
    "div",
    { class: "gnb-hear-scroll", tabindex: "0", role: "region", "aria-label": caption },
    el(
      "table",
      {},
      el("caption", {}, caption),
      el("thead", {}, el("tr", {}, ...head)),
      el("tbody", {}, ...rows.map((row) => el("tr", {}, ...row.map(cell)))),
    ),
  );
}
