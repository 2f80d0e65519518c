from types import SimpleNamespace

import pytest
from distributed import Client

from gladia_nb.errors import ConfigError
from gladia_nb.studies.seats import Seat, check_client, seats_of


def told(name, status="running", **resources):
    """A worker as a scheduler tells of it."""
    return {
        "status": status,
        "resources": resources,
        "local_directory": f"/tmp/{name}",
        "nthreads": 3,
    }


def client_of(workers, status="running"):
    return SimpleNamespace(
        status=status,
        scheduler=SimpleNamespace(identity=lambda n_workers: {"workers": workers}),
        sync=lambda function, callback_timeout, **options: function(**options),
    )


def test_workers_say_what_they_take():
    workers = {
        "tcp://a": told("a", live=4.0),
        "tcp://b": told("b"),
        # What it has it ends, and takes nothing new.
        "tcp://c": told("c", "paused", live=2.0),
    }
    assert seats_of(client_of(workers)) == [
        Seat("tcp://a", "/tmp/a", 4, 3),
        Seat("tcp://b", "/tmp/b", 0, 3),
        Seat("tcp://c", "/tmp/c", 0, 3),
    ]
    assert seats_of(client_of(workers, "closed")) == []


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"asynchronous": True, "status": "running"}, "The Dask client is asynchronous"),
        ({"asynchronous": False, "status": "closed"}, "The Dask client is closed"),
    ],
)
def test_a_client_that_cannot_be_used(facts, sentence):
    class Odd(Client):
        asynchronous = facts["asynchronous"]
        status = facts["status"]

        def __init__(self):
            """It has no scheduler."""

        def __del__(self):
            """And nothing to close."""

    with pytest.raises(ConfigError, match=sentence):
        check_client(Odd())
    with pytest.raises(ConfigError, match=r"a distributed\.Client, not str"):
        check_client("tcp://a")
