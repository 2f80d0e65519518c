"""The live view of a widget: pieces for pages that are there, all for one that comes."""

from gladia_nb.widgets.in_pieces import InPieces


class Told(InPieces):
    _esm = "export default {}"

    def __init__(self):
        self.sent, self.states = [], []
        super().__init__()

    def send(self, content, buffers=None):
        self.sent.append(content)

    def send_state(self, key=None):
        self.states.append(key)


VIEW = {"live": {"running": True, "phase": "streaming"}, "lines": [{"number": 0, "text": "one"}]}


def test_what_changes_is_told_once_and_kept_whole():
    widget = Told()
    widget.states.clear()
    widget._tell_news(VIEW)
    widget._tell_news(VIEW)
    assert [news["number"] for news in widget.sent] == [1]
    assert widget.lines == VIEW["lines"]
    # No trait was sent for it, and one that comes later gets them all.
    assert widget.states == []
    state = widget.get_state()
    assert (state["live"], state["number"]) == (VIEW["live"], 1)
    widget.close()


def test_a_page_that_has_missed_something_gets_everything():
    widget = Told()
    widget._tell_news(VIEW)
    widget.states.clear()
    widget._missed.set()
    widget._tell_news(VIEW)
    assert widget.states == [["live", "lines", "series", "number"]]
    widget._tell_news(VIEW)
    assert len(widget.states) == 1
    widget.close()
