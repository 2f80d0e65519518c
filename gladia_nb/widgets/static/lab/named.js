// A field that is one of some names, or an object of one's own as JSON.

import { h } from "./dom.js";

/** The value of the choice that opens the object; that of a name which changes nothing. */
const OWN = "{}";

const asTyped = (value) => (typeof value === "string" ? value : JSON.stringify(value));

/** A text of JSON as it is written shortest; null where it is none. */
function plain(typed) {
  try {
    return JSON.stringify(JSON.parse(typed));
  } catch {
    return null;
  }
}

/**
 * The control of such a field; `choices` of it are the names, and `described` says what each does.
 * What is chosen goes to `put` at once, what is typed a moment later.
 */
export function namedControl(field, common, put) {
  const { choices, described } = field;
  const told = (name) => h("option", { value: name }, `${name}: ${described[name].text}`);
  const select = h(
    "select",
    { ...common, onchange: choose },
    h("option", { value: "" }, "as it is, without a proxy"),
    ...choices.map(told),
    h("option", { value: OWN }, "of one’s own, as JSON"),
  );
  const typed = h("textarea", {
    "aria-label": `${field.label} of one’s own, as JSON`,
    "aria-describedby": common["aria-describedby"],
    rows: "3",
    spellcheck: "false",
    oninput: () => put.later(typed.value),
    onchange: () => put.now(typed.value),
    onblur: () => show(latest),
  });
  const element = h("div", { class: "gnb-named" }, select, typed);
  let latest = null;
  const does = (name) => name in described && described[name].own !== OWN;
  /** The name that one of one's own begins with. */
  let like = choices.find(does);

  function open(own) {
    typed.hidden = !own;
  }
  function choose() {
    const own = select.value === OWN;
    if (own) typed.value = described[like].own;
    else if (does(select.value)) like = select.value;
    open(own);
    put.now(own ? typed.value : select.value);
  }
  function show(value) {
    latest = value;
    // Nobody takes away what somebody is typing in.
    if (document.activeElement === typed) return;
    const own = value !== null && !choices.includes(value);
    if (document.activeElement !== select) select.value = own ? OWN : (value ?? "");
    // How it was typed stays, where it says the same.
    if (own && plain(typed.value) !== JSON.stringify(value)) typed.value = asTyped(value);
    open(select.value === OWN);
  }
  function reset(value) {
    select.value = value ?? "";
    open(false);
  }
  open(false);
  return { element, input: select, marked: [select, typed], show, reset };
}
