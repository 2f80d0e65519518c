"""The front end's files: plain JavaScript and CSS, put together without a build step.

A notebook loads a widget's code as a single module from memory, which cannot import its neighbours.
So each file is a proper module, and here they lose the imports of each other. What runs in a thread
of its own comes as text in front of the module. Colours are those of `gladia_nb.plots.palette`.

With `ANYWIDGET_HMR=1` the files are watched, and every widget that is shown takes over what has
changed in them. Without it nothing is watched.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from anywidget._file_contents import FileContents, VirtualFileContents

from gladia_nb.plots.palette import DARK, LIGHT, properties
from gladia_nb.reporting.front import hearing_module, hearing_paths, hearing_sheet
from gladia_nb.reporting.modules import joined

__all__ = ["LAB", "MICROPHONE", "STATIC", "Front"]

STATIC = Path(__file__).resolve().parent / "static"


def _colours(selector: str) -> str:
    """The palette; which theme JupyterLab wears outweighs what the system likes."""
    light = f"{properties(LIGHT, 'gnb-')}color-scheme:light"
    dark = f"{properties(DARK, 'gnb-')}color-scheme:dark"
    return (
        f"{selector}{{{light}}}\n"
        f"@media (prefers-color-scheme:dark){{{selector}{{{dark}}}}}\n"
        f'[data-jp-theme-light="true"] {selector}{{{light}}}\n'
        f'[data-jp-theme-light="false"] {selector}{{{dark}}}\n'
    )


@dataclass(frozen=True)
class Front:
    """The files of one widget.

    Attributes:
        name: of the folder in `static`.
        modules: files of the module, in the order in which one needs the other.
        styles: style sheets, in their order.
        selector: of the widget's outermost element, which bears the colours.
        threads: names of constants, and the files of the text that each of them is: what runs in a
            thread of its own.
        hears: whether it lets a run be heard: in front of its module stands `mountHearing` then,
            and in front of its style sheet that of it.
        static: the folder of all front ends.
    """

    name: str
    modules: Sequence[str]
    styles: Sequence[str]
    selector: str
    threads: Mapping[str, Sequence[str]] = field(default_factory=dict)
    hears: bool = False
    static: Path = STATIC

    def paths(self, names: Sequence[str]) -> list[Path]:
        """Where files are."""
        return [self.static / self.name / name for name in names]

    def module(self) -> str:
        """One ES module of all files."""
        texts = [
            f"const {name} = {json.dumps(joined(self.paths(files)))};\n"
            for name, files in self.threads.items()
        ]
        heard = hearing_module() if self.hears else ""
        return "".join(texts) + heard + joined(self.paths(self.modules))

    def style(self) -> str:
        """The style sheet, colours first."""
        heard = hearing_sheet() if self.hears else ""
        return _colours(self.selector) + heard + joined(self.paths(self.styles))

    def esm(self) -> str | VirtualFileContents:
        """The module for `_esm` of a widget."""
        apart = [name for files in self.threads.values() for name in files]
        return _watched(self.module, [*self.paths([*apart, *self.modules]), *self._heard(".js")])

    def css(self) -> str | VirtualFileContents:
        """The style sheet for `_css` of a widget."""
        return _watched(self.style, [*self.paths(self.styles), *self._heard(".css")])

    def _heard(self, ending: str) -> list[Path]:
        """Files of another room that are in it."""
        return [path for path in hearing_paths() if self.hears and path.suffix == ending]


def _watched(make: Callable[[], str], parts: Sequence[Path]) -> str | VirtualFileContents:
    """A text that is made of files, and made anew when one of them changes where that is wanted.

    Only a watched text is an object that widgets connect to: it would keep them alive.
    """
    if os.environ.get("ANYWIDGET_HMR") != "1":
        return make()
    whole = VirtualFileContents(make())

    def renew(_part: str) -> None:
        whole.contents = make()

    for part in parts:
        FileContents(part).changed.connect(renew)
    return whole


LAB = Front(
    name="lab",
    modules=(
        "dom.js",
        "waveform.js",
        "charts.js",
        "source.js",
        "named.js",
        "field.js",
        "place.js",
        "settings.js",
        "microphone_slot.js",
        "bar.js",
        "check.js",
        "transcript.js",
        "errors.js",
        "kernel.js",
        "live.js",
        "endpointing.js",
        "listen.js",
        "after.js",
        "compare.js",
        "shelf.js",
        "study_form.js",
        "study.js",
        "lab.js",
    ),
    styles=(
        "base.css",
        "controls.css",
        "bar.css",
        "check.css",
        "source.css",
        "live.css",
        "after.css",
        "endpointing.css",
        "listen.css",
        "study.css",
    ),
    selector=".gnb-lab",
    hears=True,
)
MICROPHONE = Front(
    name="microphone",
    modules=("trouble.js", "threads.js", "tap.js", "capture.js", "view.js", "microphone.js"),
    styles=("microphone.css",),
    selector=".gladia-nb-mic",
    threads={
        "TRACK_SOURCE": (
            "mixing.js",
            "pieces.js",
            "resampler.js",
            "timeline.js",
            "reader.js",
            "track.js",
        ),
        "WORKLET_SOURCE": ("pieces.js", "worklet.js"),
        "LINK_SOURCE": ("protocol.js", "session.js", "link.js"),
    },
)
