"""The one figure to look at first: four pictures of one run."""

from itertools import pairwise

import pytest
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from gladia_nb.plots import plot_overview
from tests.support.make_runs import make_run, reference, transcript, utterance, words
from tests.support.pictures import drawn

SAID = words("hello it is very nice", 0.5)


def test_odd_runs_can_be_drawn():
    said = words("it costs $5 or $6 \u65e5\u672c", 0.5)
    for run in (
        make_run(utterance(said, partial_s=-0.3)),
        make_run(utterance(SAID, final_s=None)),
        make_run(utterance(SAID, partial_s=None)),
        make_run(utterance(SAID), sent_s=0.1),
        make_run([transcript(1.0, [], final=True)]),
        make_run(utterance(SAID) + utterance(SAID, "1", channel=1), channels=2, speed=2.0),
    ):
        drawn(plot_overview(run))


def test_overview(rich):
    figure = plot_overview(rich)
    titles = [ax.get_title(loc="left") for ax in figure.axes]
    assert len(titles) == 4
    assert "conversation.flac" in figure.get_suptitle()
    assert figure.axes[0].get_xlim() == figure.axes[1].get_xlim()
    own = Figure(figsize=(10, 9), layout="constrained")
    assert plot_overview(make_run(utterance(SAID), reference=reference(SAID)), own) is own
    drawn(own)


def test_its_title_says_what_was_done_and_whether_to_believe_it(rich):
    assert plot_overview(rich).get_suptitle() == (
        f"conversation.flac: {rich.duration_s:.1f} s of audio, finished, "
        f"measurement {rich.verdict.status}"
    )
    odd = make_run(name="$5 \ufdd0" + "x" * 80)
    assert plot_overview(odd).get_suptitle().startswith("\\$5 \ufffdxxx")


def test_the_four_pictures_in_their_order(rich):
    titles = [ax.get_title(loc="left") for ax in plot_overview(rich, Figure()).axes]
    assert titles == [
        "Utterances: spoken, partials, final",
        "Word latency",
        "Word latency, distribution",
        "Audio sent, acknowledged, transcribed",
    ]
    assert plt.get_fignums() == []


def test_audio_time_and_wall_time_share_no_axis_at_another_speed():
    timeline, latency, *_ = plot_overview(make_run(utterance(SAID), speed=2.0)).axes
    assert timeline.get_xlim() != latency.get_xlim()
    timeline, latency, *_ = plot_overview(make_run(utterance(SAID))).axes
    assert timeline.get_xlim() == latency.get_xlim()
    assert timeline.get_xlim()[0] == 0


def test_more_utterances_make_it_higher_up_to_a_bound():
    def height(n):
        said = [
            transcript(0.5 + 0.1 * k, words("a", 0.1 * k), f"{k}", final=True) for k in range(n)
        ]
        return plot_overview(make_run(said, duration_s=12)).get_size_inches()[1]

    assert [height(n) for n in (0, 20, 80)] == pytest.approx([8.28, 10.1, 12.7])


@pytest.mark.parametrize(("inches", "lines"), [(14, 1), (9, 2), (5.8, 2), (4.6, 2)])
def test_the_legend_of_the_distribution_is_no_wider_than_its_axes(rich, inches, lines):
    figure = plot_overview(rich, Figure(figsize=(inches, 8), layout="constrained"))
    drawn(figure)
    ax = figure.axes[2]
    named = ax.get_legend()
    assert named.get_window_extent().x0 >= ax.get_window_extent().x0
    texts = [text.get_text() for text in named.get_texts()]
    assert len(texts[0].splitlines()) == lines
    assert "final of the utterance: p50" in " ".join(texts[1].split())


@pytest.mark.parametrize("layout", ["constrained", None])
@pytest.mark.parametrize("inches", [3.4, 5.8, 7.9, 8.0, 9.4, 14])
def test_nothing_leaves_a_narrow_picture(rich, inches, layout):
    figure = plot_overview(rich, Figure(figsize=(inches, 13), layout=layout))
    drawn(figure)
    boxes = [ax.get_tightbbox() for ax in figure.axes]
    if inches < 8:
        # From the top down, and none covers another.
        assert all(a.y0 > b.y1 for a, b in pairwise(boxes))
    labels = (ax.xaxis.label for ax in figure.axes)
    for text in (figure._suptitle, *(ax._left_title for ax in figure.axes), *labels):
        box = text.get_window_extent()
        assert box.x0 >= 0, text
        assert box.x1 <= figure.bbox.width, text
    for ax in figure.axes:
        assert ax.get_legend().get_window_extent().x0 >= 0
    # Below eight inches one stands below the other.
    columns = {round(ax.get_window_extent().x0 / figure.bbox.width, 1) for ax in figure.axes}
    assert (len(columns) == 1) == (inches < 8)


def test_the_title_of_words_and_their_legend_are_apart(rich):
    for inches in (3.4, 5.8, 7, 8, 9.4, 14):
        figure = plot_overview(rich, Figure(figsize=(inches, 10), layout="constrained"))
        drawn(figure)
        ax = figure.axes[1]
        title, legend = ax._left_title.get_window_extent(), ax.get_legend().get_window_extent()
        assert title.x1 <= legend.x0 or title.y0 >= legend.y1, inches
