from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.errors import ConfigError
from gladia_nb.lab.wording import for_page
from gladia_nb.widgets.notices import Notices


@given(st.lists(st.one_of(st.text(), st.integers(-1, 9)), max_size=20))
def test_the_latest_four_that_nobody_dismissed_are_shown(steps):
    notices, count = Notices(), 0
    expected = []
    for step in steps:
        if isinstance(step, str):
            count += 1
            notices.add(step)
            said = {"number": count, "text": for_page(step), "about": ""}
            expected = [one for one in expected if one["text"] != said["text"]]
            expected = [*expected, said][-4:]
        else:
            notices.dismiss(step)
            expected = [one for one in expected if one["number"] != step]
        assert notices.shown() == expected


def test_what_is_handed_out_does_not_change():
    notices = Notices()
    notices.add("one")
    shown = notices.shown()
    notices.add("two")
    assert [one["text"] for one in shown] == ["one"]


def test_whoever_shows_them_is_told_and_what_goes_wrong_is_said():
    told = []
    notices = Notices(lambda: told.append(len(notices.shown())))

    def fail(error):
        raise error

    assert notices.guarded(lambda: None)
    assert not notices.guarded(fail, ConfigError("The key is empty."))
    assert not notices.guarded(fail, KeyError("x"))
    first, second = [one["text"] for one in notices.shown()]
    assert first == "The key is empty."
    assert second == "Something unexpected went wrong (KeyError: 'x')."
    notices.dismiss(1)
    assert told == [1, 2, 1]


def test_what_is_mended_is_said_no_longer():
    notices = Notices()

    def fail():
        raise ConfigError("Not so.")

    notices.guarded(fail, about="key")
    notices.guarded(fail, about="open")
    notices.guarded(fail)
    assert notices.guarded(lambda: None, about="key")
    assert [one["about"] for one in notices.shown()] == ["open", ""]
    assert notices.guarded(lambda: None)
    assert len(notices.shown()) == 2


def test_the_same_stands_once_and_what_is_outdated_not_at_all():
    notices = Notices()
    for text, about in [("A.", "start"), ("B.", ""), ("B.", ""), ("C.", "start"), ("A.", "key")]:
        notices.add(text, about)
    assert [one["text"] for one in notices.shown()] == ["B.", "C.", "A."]
    notices.mended("start")
    assert [one["text"] for one in notices.shown()] == ["B.", "A."]
