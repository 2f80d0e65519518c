"""The report: one file, everything in it, nothing fetched, nothing foreign believed."""

import re

import pytest

from gladia_nb.cli.commands import main
from gladia_nb.errors import ConfigError, RunFileError
from gladia_nb.metrics import DEFINITIONS
from gladia_nb.reporting import report, sound_size
from gladia_nb.reporting.html import cell
from tests.support.make_runs import make_run, message, rich_run, transcript, utterance, words
from tests.support.pages import Page
from tests.support.tones import run_of_tones


@pytest.fixture(scope="module")
def rich():
    return rich_run()


@pytest.fixture(scope="module")
def one(rich, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "one.html"
    assert rich.report(path) == path
    return Page(path.read_text(encoding="utf-8"))


def made(runs, tmp_path, **options):
    path = report(runs, tmp_path / "page.html", figures=False, **options)
    return Page(path.read_text(encoding="utf-8"))


def test_it_fetches_nothing(one):
    assert all(value.startswith(("#", "data:image/png;base64,")) for value in
               [*one.of("src"), *one.of("href")])  # fmt: skip
    assert not {"link", "iframe", "object"} & set(one.tags)
    # Nor may what is in it: a browser holds the page to that.
    assert not [name for tag, name, _ in one.attributes if tag == "script" and name == "src"]
    (policy,) = (value for value in one.of("content") if "src" in value)
    assert policy.startswith("default-src 'none'; script-src 'unsafe-inline'")
    style = " ".join(one.texts)
    assert "url(" not in style
    assert "@import" not in style
    assert "http" not in style


def test_it_has_everything(one, rich):
    for heading in (
        "Can these numbers be believed?",
        "Latency",
        "Accuracy",
        "Stability",
        "Where finals and endings take their time",
        "Keeping up with the audio",
        "Pictures",
        "Health of the measurement",
        "Configuration and versions",
        "Transcript",
        "Definitions",
    ):
        assert heading in one.texts, heading
    assert rich.verdict.status in one.text
    assert all(reason in one.texts for reason in rich.verdict.reasons)
    assert all(definition.meaning in one.text for definition in DEFINITIONS)
    assert "final (waits for the whole utterance)" in one.text
    assert "endpointing" in one.text
    assert all(line in one.texts for line in rich.text.splitlines())
    # Each picture has words, each section a name, each link a target.
    assert len(one.of("alt")) == len(one.of("src")) == 8
    assert all(len(alt) > 30 for alt in one.of("alt"))
    assert {link[1:] for link in one.of("href")} == set(one.of("id"))


def test_numbers_are_those_of_the_metrics(one, rich):
    from gladia_nb.metrics import summary, word_errors

    row = summary(rich).query("name == 'word_end -> final @send' and anchor == 'reference'").iloc[0]
    assert cell(float(row["p50_ms"])) in one.texts
    assert str(row["n"]) in one.texts
    assert cell(100 * float(word_errors(rich).iloc[-1]["wer"])) in one.texts


def test_two_runs_side_by_side(rich, tmp_path):
    other = rich_run(seed=8)
    page = made([rich, other], tmp_path, title="Before and after")
    assert page.texts[0] == "Before and after"
    assert "A: conversation.flac" in page.texts
    assert "B: conversation.flac" in page.texts
    assert "Pair by pair" in page.texts
    assert "median of B - A" in page.texts
    assert "95 % interval, these two sessions only" in page.texts
    assert "One about the two kinds needs 2 more pairs of runs" in page.text


def test_bounds_that_are_infinite_are_said_in_words(tmp_path):
    few = [
        part
        for number in range(4)
        for part in utterance(words("one two", 0.5 + 2 * number), f"0_{number}")
    ]
    page = made(make_run(few, duration_s=10), tmp_path)
    assert "no bounds" in page.texts
    assert "4 utterances are too few to bound p50." in page.text
    assert not re.search(r"\binf\b|\bnan\b", page.text)


def test_what_differs_in_the_configuration_is_marked_and_first(tmp_path):
    runs = [make_run(config={"endpointing": value}) for value in (0.1, 0.5)]
    page = made(runs, tmp_path)
    marked = [text for text in page.texts if text.startswith("\u2260")]
    assert marked == ["\u2260 endpointing"]


def test_three_runs_have_no_pairs(tmp_path):
    page = made([make_run()] * 3, tmp_path)
    assert "Pair by pair" not in page.texts
    assert "C: made.flac" in page.texts


def test_foreign_text_is_only_text(tmp_path):
    evil = "<script>alert(1)</script>"
    said = [(evil, 0.5, 0.9)]
    run = make_run(
        [transcript(1.2, said, final=True), message(1.3, "error", {"message": evil})],
        name=f"{evil}.flac",
        config={"custom_metadata": {"note": evil}},
    )
    page = made(run, tmp_path)
    assert "script" not in page.tags
    assert any(evil in text for text in page.texts)


@pytest.mark.parametrize(
    "run",
    [
        make_run(),
        make_run(sent_s=0.0),
        make_run(utterance(words("hello there"), final_s=None)),
        make_run(utterance(words("hello there"), partial_s=None)),
        make_run(utterance(words("hello there")), ack_ms=None, speed=4.0),
    ],
)
def test_odd_runs_have_a_page_without_nan(run, tmp_path):
    page = made(run, tmp_path)
    assert not re.search(r"\bnan\b|\binf\b|<NA>|None", page.text)


def test_what_cannot_be_reported(tmp_path):
    with pytest.raises(ConfigError, match="1 to 8 runs, not 0"):
        report([], tmp_path / "x.html")
    with pytest.raises(ConfigError, match="1 to 8 runs, not 9"):
        report([make_run()] * 9, tmp_path / "x.html")
    with pytest.raises(RunFileError, match="Name another place"):
        report(make_run(), tmp_path / "no" / "x.html", figures=False)


def test_from_the_command_line(tmp_path, capsys):
    first, second = (make_run().save(tmp_path / f"{name}.run") for name in "ab")
    out = tmp_path / "page.html"
    assert main(["report", str(first), str(second), "--out", str(out), "--title", "Both"]) == 0
    assert capsys.readouterr().out.strip() == str(out)
    assert Page(out.read_text(encoding="utf-8")).texts[0] == "Both"
    assert main(["report", str(tmp_path / "nothing.run"), "--out", str(out)]) == 2
    assert "Cannot read" in capsys.readouterr().err


def test_with_sound_whose_size_is_said_before(tmp_path, capsys):
    run = run_of_tones(tmp_path)
    out = tmp_path / "page.html"
    assert main(["report", str(run.path), "--out", str(out), "--audio"]) == 0
    said = capsys.readouterr()
    assert said.out.strip() == str(out)
    size = sound_size([run])
    assert said.err.strip() == f"The sound takes {size / 1e6:.1f} MB of the page."
    assert size < out.stat().st_size
    with pytest.raises(ConfigError, match="flac or opus"):
        report(run, tmp_path / "other.html", audio="mp3")


def test_without_figures_and_sound_there_are_no_scripts(rich, tmp_path):
    page = made(rich, tmp_path)
    assert "script" not in page.tags
    assert "Word by word" not in page.texts
