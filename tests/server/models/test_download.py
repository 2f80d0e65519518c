"""Downloads from a local site: whole, continued, changed, refused, and not what they should be."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from gladia_nb.errors import ModelError
from gladia_nb.server.models import download
from gladia_nb.server.models.download import Attempt, fetch
from tests.support.model_site import ModelSite, model_site

DATA = random.Random(1).randbytes(300_000)


@pytest.fixture
def site() -> Iterator[ModelSite]:
    with model_site(DATA) as found:
        yield found


@pytest.fixture
def attempt(tmp_path: Path) -> Attempt:
    return Attempt(tmp_path / "model.part")


def get(site: ModelSite, attempt: Attempt, sha256: str | None = None) -> list[tuple[int, int]]:
    told: list[tuple[int, int]] = []
    fetch(site.url, attempt, sha256=sha256, progress=lambda *pair: told.append(pair))  # type: ignore[arg-type]
    return told


def broken_off(site: ModelSite, attempt: Attempt, after: int = 100_000) -> None:
    """A first attempt that ends early."""
    site.cut_after = after
    with pytest.raises(ModelError, match=r"could not be fetched whole .* it goes on from there"):
        get(site, attempt)
    site.cut_after = None
    assert attempt.path.read_bytes() == site.data[:after]


def test_a_whole_file_with_progress(site: ModelSite, attempt: Attempt) -> None:
    told = get(site, attempt, hashlib.sha256(DATA).hexdigest().upper())
    assert attempt.path.read_bytes() == DATA
    assert told[0] == (0, len(DATA))
    assert told[-1] == (len(DATA), len(DATA))
    assert told == sorted(told)


def test_it_goes_on_where_it_broke_off(site: ModelSite, attempt: Attempt) -> None:
    broken_off(site, attempt)
    told = get(site, attempt, hashlib.sha256(DATA).hexdigest())
    assert site.asked[1]["Range"] == "bytes=100000-"
    assert site.asked[1]["If-Range"] == '"v1"'
    assert told[0] == (100_000, len(DATA))
    assert attempt.path.read_bytes() == DATA


def test_what_is_whole_already_is_not_fetched_again(site: ModelSite, attempt: Attempt) -> None:
    get(site, attempt)
    assert get(site, attempt) == []
    assert attempt.path.read_bytes() == DATA


def test_another_version_is_fetched_from_its_beginning(site: ModelSite, attempt: Attempt) -> None:
    broken_off(site, attempt)
    site.data, site.tag = DATA[::-1], '"v2"'
    get(site, attempt)
    assert attempt.path.read_bytes() == DATA[::-1]


@pytest.mark.parametrize("what", ["ignore_ranges", "no tag", "other url", "no note"])
def test_where_it_cannot_go_on_it_begins_again(
    what: str, site: ModelSite, attempt: Attempt
) -> None:
    if what == "no tag":
        site.tag = ""
    broken_off(site, attempt)
    if what == "ignore_ranges":
        site.ignore_ranges = True
    elif what == "other url":
        site.url += "?other"
    elif what == "no note":
        attempt.note.write_text("[]")
    get(site, attempt)
    assert ("Range" in site.asked[1]) is (what == "ignore_ranges")
    assert attempt.path.read_bytes() == DATA


def test_a_part_that_was_not_asked_for_is_not_added(site: ModelSite, attempt: Attempt) -> None:
    broken_off(site, attempt)
    site.wrong_part = True
    with pytest.raises(ModelError, match="it sent another part than asked for"):
        get(site, attempt)
    assert not attempt.path.exists()


def test_a_file_that_became_shorter_is_begun_again(site: ModelSite, attempt: Attempt) -> None:
    broken_off(site, attempt)
    site.data = DATA[:50_000]
    with pytest.raises(ModelError, match="the file has changed there"):
        get(site, attempt)
    get(site, attempt)
    assert attempt.path.read_bytes() == DATA[:50_000]


def test_another_checksum_deletes_what_came(site: ModelSite, attempt: Attempt) -> None:
    with pytest.raises(ModelError, match=r"its SHA-256 is .*, not 00+; it was deleted"):
        get(site, attempt, "0" * 64)
    assert not attempt.path.exists()
    assert not attempt.note.exists()


@pytest.mark.parametrize("status", [404, 403, 500])
def test_a_refusal_is_one_sentence(status: int, site: ModelSite, attempt: Attempt) -> None:
    site.status = status
    with pytest.raises(ModelError, match=f"The server refused http://.*: {status} "):
        get(site, attempt)
    assert not attempt.path.exists()


def test_too_large_is_refused_before_it_comes(
    site: ModelSite, attempt: Attempt, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "MOST_BYTES", 200_000)
    with pytest.raises(ModelError, match="is larger than"):
        get(site, attempt)
    assert not attempt.path.exists()


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://127.0.0.1:1/a.zip", "could not be fetched whole"),
        ("http://[bad/a.zip", "is not an address"),
        ("file:///etc/passwd", "is not an address"),
    ],
)
def test_places_where_nothing_is(url: str, sentence: str, attempt: Attempt) -> None:
    with pytest.raises(ModelError, match=sentence):
        fetch(url, attempt, sha256=None, progress=lambda *_: None)


def test_a_place_that_cannot_be_written(site: ModelSite, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"Cannot write .*: No such file or directory"):
        get(site, Attempt(tmp_path / "missing" / "model.part"))
