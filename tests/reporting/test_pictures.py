"""The pictures of a report: which there are, in what order, and that each has words."""

import pytest
from matplotlib import pyplot as plt

from gladia_nb.reporting import pictures
from gladia_nb.reporting.pictures import draw_pictures
from tests.support.make_runs import make_run, reference, utterance, words
from tests.support.pages import Page

SAID = words("hello it is very nice", 0.5)


def talk(final_s=0.5):
    return make_run(utterance(SAID, final_s=final_s), reference=reference(SAID))


@pytest.fixture
def drawn(monkeypatch):
    """The figures in their order, without making images of them."""
    found = []

    def keep(figure, alt, caption=""):
        found.append((figure, alt))
        return f"<img alt='{len(found)}'>"

    monkeypatch.setattr(pictures, "picture", keep)
    return found


def titles(figure):
    return [ax.get_title(loc="left").partition(":")[0] for ax in figure.axes]


def test_of_one_run_its_overview_and_then_each_by_itself(drawn):
    page = Page(draw_pictures([talk()], ["a.flac"]))
    assert len(page.of("alt")) == len(drawn) == 8
    assert "details" not in page.tags, "of a single run nothing is folded"
    (first, alt), *others = drawn
    assert len(first.axes) == 4
    assert alt.startswith("Overview of a.flac:")
    assert [titles(figure) for figure, _ in others] == [
        ["Word latency, histogram"],
        ["WER(tau)"],
        ["Error against delay"],
        ["From the end of speech to the final"],
        ["Updates and their words"],
        ["Flicker"],
        ["Health of the measurement"],
    ]


def test_of_two_runs_their_difference_comes_first(drawn):
    page = Page(draw_pictures([talk(), talk(0.8)], ["A: one", "B: two"]))
    assert len(drawn) == 1 + 2 * 8
    assert titles(drawn[0][0]) == ["Paired difference b - a"]
    assert drawn[0][1] == "Differences of latency between A: one and B: two, with intervals."
    assert page.tags.count("details") == 2
    assert [text for text in page.texts if text.startswith(("A:", "B:"))] == ["A: one", "B: two"]


def test_of_three_each_is_folded_and_none_compared(drawn):
    page = Page(draw_pictures([make_run()] * 3, ["A", "B", "C"]))
    assert len(drawn) == 3 * 8
    assert page.tags.count("details") == 3


def test_each_has_words_of_its_own_and_leaves_no_figure_open(drawn):
    draw_pictures([make_run()], ["x"])
    alts = [alt for _, alt in drawn]
    assert len(set(alts)) == len(alts)
    assert all(len(alt) > 30 and alt.endswith(".") for alt in alts)
    assert plt.get_fignums() == []


def test_a_foreign_name_is_only_text(monkeypatch):
    monkeypatch.setattr(pictures, "_OF_A_RUN", ())
    page = Page(draw_pictures([make_run(name="<b>")], ["<script>x</script>"]))
    assert "script" not in page.tags
    assert page.of("alt")[0].startswith("Overview of <script>x</script>:")
