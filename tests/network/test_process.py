import os
import socket
import subprocess
import sys

import psutil
import pytest

from gladia_nb.errors import ServerError
from gladia_nb.network import process as module
from gladia_nb.network.control import Entry
from gladia_nb.network.link import Shape
from gladia_nb.network.process import NetworkProcess, shared_network, stop_shared_network
from tests.support.processes import gone


@pytest.fixture
def listening():
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)
        yield server


def test_it_runs_and_is_gone():
    process = NetworkProcess()
    assert not process.alive
    with process:
        assert process.alive
        found = psutil.Process(process.pid)
        assert process.token not in " ".join(found.cmdline())
        assert process.token not in repr(process)
    assert not process.alive
    assert gone([found])
    process.stop()


def test_it_ends_with_whoever_started_it():
    code = (
        "import os; from gladia_nb.network.process import NetworkProcess; "
        "p = NetworkProcess().start(); print(p.pid, flush=True); os.kill(os.getpid(), 9)"
    )
    out = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=False).stdout
    pid = int(out)
    if psutil.pid_exists(pid):
        assert gone([psutil.Process(pid)])


def test_a_fixed_address(listening):
    to = listening.getsockname()
    with NetworkProcess() as process:
        way = process.forward(Shape(seed=0), Entry(to=[to]))
        with socket.create_connection((way.host, way.port)) as near:
            far, _ = listening.accept()
            near.sendall(b"hello")
            assert far.recv(5) == b"hello"
            far.close()
        with pytest.raises(ServerError, match=r"Cannot listen on .* \(.*in use\)"):
            process.forward(Shape(seed=0), Entry(to=[to], port=to[1]))
        way.close()


def test_one_is_shared_and_started_again_when_it_died():
    try:
        first = shared_network()
        assert shared_network() is first
        psutil.Process(first.pid).kill()
        first._process.wait()
        second = shared_network()
        assert second is not first
        assert second.alive
    finally:
        stop_shared_network()
    assert not second.alive
    stop_shared_network()


def test_it_cannot_be_started(monkeypatch):
    monkeypatch.setattr(module, "child_command", lambda *_: ["/no/such/program"])
    with pytest.raises(ServerError, match="could not be started"):
        NetworkProcess().start()
    monkeypatch.setattr(module, "child_command", lambda *_: [sys.executable, "-c", ""])
    with pytest.raises(ServerError, match="did not start"):
        NetworkProcess().start()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_the_child_of_a_fork_leaves_it_alone():
    code = (
        "import os, warnings; warnings.simplefilter('ignore')\n"
        "from gladia_nb.network import process as m\n"
        "p = m.shared_network()\n"
        "if os.fork() == 0:\n"
        "    assert m._shared is None\n"
        "    m.stop_shared_network()\n"
        "    os._exit(0)\n"
        "os.wait()\n"
        "assert p.alive\n"
        "m.stop_shared_network()\n"
        "assert not p.alive\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
