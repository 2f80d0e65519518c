"""What a page puts together of pieces is what the whole was, whatever it misses or hears twice."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.lab.live_feed import LiveFeed

_POINT = st.tuples(st.integers(0, 9), st.integers(0, 9))


class Page:
    """What `initialize` in lab.js does."""

    def __init__(self) -> None:
        self.live: dict[str, Any] = {}
        self.lines: list[Any] = []
        self.series: dict[str, list[Any]] = {}

    def take(self, news: dict[str, Any]) -> None:
        if news.get("fresh"):
            self.lines, self.series = [], {}
        if (lines := news.get("lines")) is not None:
            add = lines["add"]
            first = add[0]["number"] if add else 10**9
            kept = [line for line in self.lines if lines["from"] <= line["number"] < first]
            self.lines = [*kept, *add]
        for name, part in news.get("series", {}).items():
            self.series[name] = [*self.series.get(name, [])[: part["keep"]], *part["add"]]
        self.live |= news.get("live", {})


@st.composite
def sessions(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Views of one session after the other, as a watcher gives them."""
    views = []
    for session in range(draw(st.integers(1, 3))):
        count, dropped, points = 0, 0, []
        for turn in range(draw(st.integers(1, 8))):
            count += draw(st.integers(0, 3))
            dropped = draw(st.integers(dropped, count))
            points = [*points[:: draw(st.sampled_from([1, 1, 2]))], *draw(st.lists(_POINT))]
            lines = [{"number": k, "text": f"{session} {k}"} for k in range(dropped, count)]
            view: dict[str, Any] = {
                "live": {"session": session, "running": draw(st.booleans()), "sent": turn},
                "lines": lines,
            }
            if draw(st.booleans()):
                view["series"] = {"sent": list(points)}
            views.append(view)
    return views


@given(sessions(), st.data())
def test_the_page_has_what_the_kernel_has(views, data):
    feed, page = LiveFeed(), Page()
    for view in views:
        news = feed.news(view)
        if news is not None:
            page.take(news)
            if data.draw(st.booleans()):
                page.take(news)
        assert page.live == feed.live
        assert page.lines == feed.lines == view["lines"]
        assert page.series == feed.series
        if "series" in view:
            assert page.series == view["series"]


def test_figures_are_told_seldom_while_it_runs_and_at_its_end():
    feed = LiveFeed()
    told = []
    for turn in range(1, 31):
        news = feed.news({"live": {"running": turn < 30, "sent": turn, "phase": "x"}, "lines": []})
        told += [turn] if news is not None else []
    assert told == [1, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30]
    assert feed.live["sent"] == 30


def test_what_stands_still_costs_nothing():
    feed = LiveFeed()
    view = {"live": {"running": True, "sent": 1}, "lines": [], "series": {"sent": [(0, 1)]}}
    assert feed.news(view)["series"] == {"sent": {"keep": 0, "add": [(0, 1)]}}
    assert [feed.news(view) for _ in range(6)] == [None] * 6
    view["series"] = {"sent": [(0, 1), (1, 2)]}
    assert feed.news(view) == {
        "kind": "news", "number": 2, "series": {"sent": {"keep": 1, "add": [(1, 2)]}}
    }  # fmt: skip


def test_of_another_session_nothing_of_the_last_is_left():
    feed = LiveFeed()
    line = {"number": 0, "text": "one"}
    feed.news({"live": {"session": 1, "open": []}, "lines": [line], "series": {"sent": [(0, 1)]}})
    news = feed.news({"live": {"session": 2}, "lines": [line]})
    assert news["fresh"] is True
    assert news["lines"] == {"from": 0, "add": [line]}
    assert news["live"] == {"session": 2, "open": None}
    assert feed.series == {}


def test_of_another_session_no_figure_of_the_one_before_is_seen():
    feed, page = LiveFeed(), Page()
    for session, left in ((1, 0.0), (2, 9.0), (3, 5.0)):
        view = {"live": {"session": session, "running": True, "left": left}, "lines": []}
        news = feed.news(view)
        assert news is not None
        page.take(news)
        assert page.live["left"] == left
