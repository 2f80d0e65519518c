// Small helpers: elements, ids, numbers as text.

let count = 0;

/** An id that no other element of the page has. */
export function unique(stem) {
  count += 1;
  return `gnb-${stem}-${count}-${Math.random().toString(36).slice(2, 7)}`;
}

/** An element with attributes, listeners (`onclick`) and children; text is never read as HTML. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked" || name === "open") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** A button that says what it does. */
export function button(text, onclick, attributes = {}) {
  return h("button", { type: "button", class: "gnb-button", onclick, ...attributes }, text);
}

/** A control, its id set already, below its label. */
export function field(control, label) {
  return h("div", { class: "gnb-field" }, h("label", { for: control.id }, label), control);
}

/** Change text only where it differs, so that nothing is announced twice. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Seconds as people say them: "4.2 s", "1:05". */
export function seconds(value) {
  if (value === null || value === undefined) return "–";
  if (value < 60) return `${value.toFixed(1)} s`;
  const whole = Math.round(value);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")} min`;
}

/** Milliseconds, or a dash. */
export function milliseconds(value) {
  return value === null || value === undefined ? "–" : `${value} ms`;
}

/** A panel with its heading; the heading names the region. */
export function panel(title, name, ...children) {
  const id = unique(name);
  return h(
    "section",
    { class: `gnb-panel gnb-${name}`, "aria-labelledby": id },
    h("h3", { id }, title),
    ...children,
  );
}

/**
 * Tabs by the pattern of the ARIA practices: arrows move, only the selected one is a stop.
 * `show(name)` is called when a tab is selected; its panel is the caller's one element.
 */
export function tabs(label, names, body, show) {
  const id = unique("tabs");
  body.id = `${id}-body`;
  body.setAttribute("role", "tabpanel");
  let current = names[0];
  const items = names.map((name, k) =>
    h(
      "button",
      {
        type: "button",
        role: "tab",
        class: "gnb-tab",
        id: `${id}-${k}`,
        "aria-controls": body.id,
        onclick: () => select(name),
      },
      name,
    ),
  );
  const list = h("div", { role: "tablist", class: "gnb-tabs", "aria-label": label }, ...items);
  list.addEventListener("keydown", (event) => {
    const at = names.indexOf(current);
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    let to = step === undefined ? null : (at + step + names.length) % names.length;
    if (event.key === "Home") to = 0;
    if (event.key === "End") to = names.length - 1;
    if (to === null) return;
    event.preventDefault();
    event.stopPropagation();
    select(names[to]);
    items[to].focus();
  });
  function select(name) {
    current = name;
    items.forEach((item, k) => {
      const chosen = names[k] === name;
      item.setAttribute("aria-selected", String(chosen));
      item.tabIndex = chosen ? 0 : -1;
      if (chosen) body.setAttribute("aria-labelledby", item.id);
    });
    show(name);
  }
  return { list, select, current: () => current };
}

/** A table of text: `{columns, numeric, rows, total}`; the first column names its row. */
export function dataTable(data, caption, choose) {
  const head = h(
    "tr",
    {},
    choose ? h("th", { scope: "col" }, "Compare") : null,
    ...data.columns.map((name, k) =>
      h("th", { scope: "col", class: data.numeric?.[k] ? "gnb-number" : null }, name),
    ),
  );
  const rows = data.rows.map((row, number) =>
    h(
      "tr",
      {},
      choose ? h("td", {}, choose(number)) : null,
      ...row.map((value, k) =>
        value instanceof Node
          ? h("td", {}, value)
          : h("td", { class: data.numeric?.[k] ? "gnb-number" : null }, value),
      ),
    ),
  );
  return h(
    "div",
    { class: "gnb-scroll", role: "region", tabindex: "0", "aria-label": caption },
    h("table", {}, h("caption", {}, caption), h("thead", {}, head), h("tbody", {}, ...rows)),
  );
}

/** Pictures that come as PNG, one at a time; the browser lets go of the last one. */
export function pictureOf() {
  let url = "";
  const close = () => url && URL.revokeObjectURL(url);
  return {
    of(data, alt) {
      close();
      url = URL.createObjectURL(new Blob([data], { type: "image/png" }));
      return h("img", { src: url, alt });
    },
    close,
  };
}
