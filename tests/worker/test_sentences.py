import pytest

from gladia_nb.api.protocol import CloseOutcome
from gladia_nb.worker import sentences

#: What can be known when something is said.
KNOWN = {
    "attempts": 8,
    "code": 4408,
    "count": 2,
    "hours": "2.8",
    "pieces": 3,
    "problem": "an acknowledgement has no byte range",
    "said": ": no audio",
    "seconds": "60",
    "why": "close code 1011",
    "connections": 200,
    "fault": "sent too much",
    "what": sentences.WHY_CLOSED[CloseOutcome.IDLE],
}
TEMPLATES = [name for name in sentences.__all__ if name != "WHY_CLOSED"]


@pytest.mark.parametrize("name", TEMPLATES)
def test_each_is_one_text_that_ends_properly(name):
    said = getattr(sentences, name).format(**KNOWN)
    assert said[0].isupper() or said[0].isdigit()
    assert said.endswith(".")
    assert "{" not in said
    assert "  " not in said


def test_a_close_is_told_with_its_code_and_what_the_service_said():
    assert sentences.CLOSED.format(**KNOWN) == (
        "The service gave up because no audio came (close code 4408: no audio)."
    )


def test_every_outcome_that_ends_a_session_badly_has_its_words():
    fine = {CloseOutcome.FINISHED, CloseOutcome.RETRY}
    assert set(sentences.WHY_CLOSED) == set(CloseOutcome) - fine
