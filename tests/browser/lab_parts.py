"""Parts of the Lab's page without a notebook or a kernel: they show what a test tells them.

A whole Lab takes half a minute to be there; a part of it is there at once, in any state.
"""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Page

from gladia_nb.reporting.front import hearing_module
from gladia_nb.reporting.modules import joined
from gladia_nb.widgets.assets import LAB
from gladia_nb.widgets.rules import lab_rules

__all__ = ["tell", "with_parts"]

#: A model as anywidget gives it, and a kernel that answers what a test says.
_HARNESS = """
const values = {}, handlers = {};
window.sent = [];
window.answers = {};
const model = {
  get: (name) => values[name],
  set: (name, value) => Object.assign(values, { [name]: value }),
  on: (name, handler) => (handlers[name] ??= new Set()).add(handler),
  off: (name, handler) => handlers[name]?.delete(handler),
};
window.tell = (name, value) => {
  values[name] = value;
  for (const handler of handlers[`change:${name}`] ?? []) handler();
};
const send = (content) => window.sent.push(content);
const ask = async (content) => {
  window.sent.push(content);
  const answer = window.answers[content.kind];
  return answer === undefined ? null : { content: answer, buffers: [new ArrayBuffer(3)] };
};
const root = document.createElement("div");
root.className = "gnb-lab";
document.body.replaceChildren(root);
const wires = { model, send, ask, rules };
"""


def with_parts(page: Page, code: str, **traits: Any) -> None:
    """Fill a page with what code makes of the Lab's modules: `wires` and `root` are at hand."""
    modules = [path for path in LAB.paths(LAB.modules) if path.name != "lab.js"]
    module = hearing_module() + joined(modules)
    page.set_content(f"<!doctype html><title>Lab</title><style>{LAB.style()}</style>")
    given = json.loads(json.dumps([lab_rules(), traits]))
    page.evaluate(
        f"([rules, traits]) => {{ {_HARNESS}\n{module}\nObject.assign(values, traits);\n{code} }}",
        given,
    )


def tell(page: Page, name: str, value: Any) -> None:
    """A trait of the kernel has another value."""
    page.evaluate("([name, value]) => window.tell(name, value)", [name, value])
