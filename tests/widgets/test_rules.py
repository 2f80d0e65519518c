import json
import re

import pytest

from gladia_nb.api.protocol import CLOSES, MAX_FRAME_BYTES, STOP, CloseOutcome, classify_close
from gladia_nb.child import KEY_VARIABLE
from gladia_nb.config import PRESETS
from gladia_nb.lab.setup import MICROPHONE
from gladia_nb.lab.uploads import LARGEST_UPLOAD
from gladia_nb.sound_file import FORMATS
from gladia_nb.widgets.assets import LAB
from gladia_nb.widgets.assets import MICROPHONE as FRONT
from gladia_nb.widgets.rules import MODES, lab_rules, microphone_rules
from gladia_nb.worker import sentences
from gladia_nb.worker.live_chunks import STALL_S
from gladia_nb.worker.session import Limits


@pytest.mark.parametrize("rules", [lab_rules, microphone_rules])
def test_rules_are_json(rules):
    assert json.loads(json.dumps(rules(), allow_nan=False))


def test_limits_are_those_of_the_worker_in_milliseconds():
    rules, limits = microphone_rules(), Limits()
    for name in ("attempts", "openings", "connections"):
        assert rules[name] == getattr(limits, name)
    found = {name: ms / 1e3 for name, ms in rules["limits_ms"].items()}
    assert found.pop("stall") == STALL_S
    for name, seconds in found.items():
        assert seconds == getattr(limits, f"{name}_s")
    assert rules["longest_ms"] / 1e3 > limits.finish_s


def test_every_outcome_that_is_an_error_has_its_words():
    rules = microphone_rules()
    fine = {CloseOutcome.FINISHED, CloseOutcome.RETRY}
    assert set(rules["why_closed"]) == {one.value for one in CloseOutcome if one not in fine}
    first, last = rules["refusals"]
    for code in (first - 1, first, last, last + 1, *CLOSES):
        known = rules["closes"].get(str(code))
        here = known or ("refused" if first <= code <= last else "retry")
        assert here == classify_close(code).value


def test_what_is_left_open_in_a_sentence_is_known_only_when_it_happens():
    open_ = {
        name: set(re.findall(r"\{(\w+)\}", text))
        for name, text in microphone_rules()["sentences"].items()
    }
    assert {name: fields for name, fields in open_.items() if fields} == {
        "closed": {"what", "code", "said"},
        "contradiction": {"problem", "count"},
        "lost": {"pieces", "seconds"},
        "not_opened": {"why"},
        "not_resumed": {"why"},
        "too_often": {"connections", "why"},
        "unfit": {"fault"},
    }
    templates = {name.lower() for name in sentences.__all__} - {"why_closed"}
    assert set(open_) == templates, "one that the page does not get"


def test_what_the_lab_offers_is_what_python_takes():
    rules = lab_rules()
    assert list(rules["presets"]) == list(PRESETS)
    assert rules["formats"] == list(FORMATS)
    assert rules["largest_upload"] == LARGEST_UPLOAD
    assert rules["microphone"] == [name for name, _ in MICROPHONE] == list(MODES)
    assert {target for target, _, _ in rules["places"]} == {"embedded", "gladia", "url"}
    assert all(region == "" or target == "gladia" for target, region, _ in rules["places"])


@pytest.mark.parametrize("front", [LAB, FRONT], ids=lambda front: front.name)
def test_no_fact_is_written_twice(front):
    """Nothing that Python knows and sends stands in the page's own files."""
    names = [name for files in front.threads.values() for name in files] + list(front.modules)
    text = "\n".join(path.read_text("utf-8") for path in front.paths(names))
    text = text.replace("http://www.w3.org/2000/svg", "")
    rules = microphone_rules()
    said = [*rules["sentences"].values(), *rules["why_closed"].values()]
    wholes = [part for one in said for part in re.split(r"\{\w+\}", one) if len(part) > 12]
    wholes += [rules["beyond_sent"], rules["no_range"], *MODES.values(), KEY_VARIABLE]
    wholes += [text for _, _, text in lab_rules()["places"]] + list(lab_rules()["presets"].values())
    assert [whole for whole in wholes if whole in text] == []
    numbers = set(re.findall(r"\b\d[\d_]*\b", text))
    limits = {str(round(ms)) for ms in rules["limits_ms"].values() if ms not in (1000, 300)}
    codes = {*rules["closes"], "4400", "4499"} - {"1000"}
    assert not numbers & (limits | codes | {str(MAX_FRAME_BYTES), str(LARGEST_UPLOAD)})
    assert STOP not in text
    assert not re.search(r"1 << \d", text)
