"""Written and spoken numbers meet."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.metrics import normalise
from gladia_nb.metrics.base.numerals import among_numbers, dollars, figures, ordinal, spelled

UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
).split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()


def said(number, *, with_and, hyphen):
    """A number below a million as somebody says it, by a speller of its own."""
    if number < 20:
        return UNITS[number]
    if number < 100:
        tens, units = TENS[number // 10 - 2], number % 10
        return f"{tens}{hyphen}{UNITS[units]}" if units else tens
    size, name = (100, "hundred") if number < 1000 else (1000, "thousand")
    head = said(number // size, with_and=with_and, hyphen=hyphen)
    rest = number % size
    if not rest:
        return f"{head} {name}"
    joint = " and " if with_and and rest < 100 else " "
    return f"{head} {name}{joint}{said(rest, with_and=with_and, hyphen=hyphen)}"


@given(st.integers(0, 999_999), st.booleans(), st.sampled_from(["-", " "]), st.booleans())
def test_every_number_spelled_and_written_meet(number, with_and, hyphen, commas):
    written = f"{number:,}" if commas else str(number)
    spoken = said(number, with_and=with_and, hyphen=hyphen)
    assert normalise(written) == normalise(spoken)
    assert normalise(f"about {written} of them") == normalise(f"About {spoken}, of them.")


def test_all_below_a_few_thousand():
    for number in range(3100):
        assert normalise(str(number)) == normalise(said(number, with_and=True, hyphen="-"))
    assert len({normalise(str(number)) for number in range(3100)}) == 3100


@given(st.integers(1100, 2099).filter(lambda year: year % 100 >= 10))
def test_years_as_they_are_said(year):
    head, tail = (said(part, with_and=True, hyphen=" ") for part in divmod(year, 100))
    assert normalise(f"{head} {tail}") == normalise(str(year))


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("$21", "twenty-one dollars"),
        ("$1", "one dollar"),
        ("$3.50", "three dollars and fifty cents"),
        ("$5 million,", "five million dollars"),
        ("€20", "twenty euros"),
        ("£0.99", "zero pounds and ninety-nine pence"),
        ("5 $", "five dollars"),
        ("3.5", "three point five"),
        (".5", "point five"),
        ("1.2.3", "one point two point three"),
        ("-5", "minus five"),
        ("50%", "fifty percent"),
        ("50 %", "fifty per cent"),
        ("21st", "twenty-first"),
        ("12th", "twelfth"),
        ("1980s", "nineteen eighties"),
        ("90's", "nineties"),
        ("3:30", "three thirty"),
        ("3:05", "three oh five"),
        ("100", "a hundred"),
        ("1,000", "a thousand"),
        ("007", "zero zero seven"),
        ("21-year-old", "twenty-one-year-old"),
        ("COVID-19", "covid nineteen"),
        ("B12", "b twelve"),
        ("C++", "C plus plus"),
        ("C#", "c sharp"),
        ("#1", "number one"),
        ("R&D", "r and d"),
        ("20°", "twenty degrees"),
        (
            "12345678901234567890",
            " ".join("one two three four five six seven eight nine zero".split() * 2),
        ),
    ],
)
def test_forms_that_meet(written, spoken):
    assert normalise(written) == normalise(spoken)


@pytest.mark.parametrize("pair", [("C++", "C"), ("21", "12"), ("3.5", "35"), ("$5", "€5")])
def test_forms_that_do_not(pair):
    assert normalise(pair[0]) != normalise(pair[1])


def test_a_number_grows_in_partials_without_being_taken_back():
    """What "twenty" is does not depend on whether "one" follows."""
    for spoken in (
        "twenty one",
        "two hundred and six",
        "three point five dollars",
        "one thousand six",
    ):
        words = spoken.split()
        whole = normalise(spoken).split()
        for n in range(1, len(words)):
            grown = normalise(" ".join(words[:n])).split()
            assert whole[: len(grown)] == grown


def test_pieces():
    assert " ".join(spelled(1_000_206)) == "one million two hundred and six"
    assert ordinal(["one", "hundred"]) == ["one", "hundredth"]
    assert figures("abc") == ["abc"]
    assert dollars("€5") == "euros"
    assert among_numbers("", ["six"], "") == ("six",)
