from gladia_nb.widgets import presence
from gladia_nb.widgets.presence import Presence


def test_a_page_that_comes_back_in_time_is_no_loss(monkeypatch):
    monkeypatch.setattr(presence, "_AWAY_S", 0.0)
    here = Presence()
    assert not here.is_over(), "nobody has come yet, as from a script"
    here.hello("a")
    here.leave("a")
    here.hello("b")
    assert here.views == {"b"}
    assert not here.is_over()


def test_it_is_over_once_when_the_last_page_has_gone(monkeypatch):
    here = Presence()
    here.hello("a")
    here.hello("b")
    here.leave("a")
    here.leave("a")
    assert not here.is_over()
    here.leave("b")
    assert not here.is_over(), "it may just be loaded again"
    monkeypatch.setattr(presence, "_AWAY_S", -1.0)
    assert here.is_over()
    assert not here.is_over()
