"""Real notebook servers and a real Chromium, for tests that look at what a user sees.

A `Host` is one server with its own home, settings and working folder. `Host.open` writes a notebook
made of cells, opens it in a new page and hands over a `Notebook`.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import nbformat
import psutil
from playwright.sync_api import Browser, BrowserContext, Page, Playwright

#: Without these Chromium looks for updates and phones home at every start.
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)
_READY_S = 60.0


def find_chromium() -> str | None:
    """Path of a full Chromium, or None. Playwright's own headless shell refuses microphones."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next((path for name in names if (path := shutil.which(name))), None)


def launch(playwright: Playwright, *extra: str) -> Browser:
    """A headless Chromium with more arguments, such as those of a fake microphone."""
    return playwright.chromium.launch(
        executable_path=find_chromium(), headless=True, args=[*QUIET, *extra]
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Requests:
    """Every address that the pages of a context have asked for."""

    urls: list[str] = field(default_factory=list)

    def watch(self, context: BrowserContext) -> None:
        context.on("request", lambda request: self.urls.append(request.url))
        context.on("page", lambda page: page.on("websocket", lambda ws: self.urls.append(ws.url)))

    @property
    def outside(self) -> list[str]:
        """Those that leave this machine."""
        found = []
        for url in self.urls:
            parts = urlsplit(url)
            local = parts.hostname in ("127.0.0.1", "localhost", "::1")
            if parts.scheme in ("http", "https", "ws", "wss") and not local:
                found.append(url)
        return found


class Host:
    """One server: `lab`, `notebook` or `voila`; stopped with its kernels at the end.

    Args:
        name: which server.
        folder: for its home, its settings and its notebooks.
        environment: more variables for the server and its kernels.
    """

    def __init__(self, name: str, folder: Path, **environment: str) -> None:
        self.name = name
        self.work = folder / "work"
        self.token = secrets.token_hex(12)
        self.url = f"http://127.0.0.1:{free_port()}"
        self._log = folder / "server.log"
        self._count = 0
        self.work.mkdir(parents=True)
        environment = {**_environment(folder), **environment}
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command(folder),
                cwd=self.work,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._wait_until_ready()

    def _command(self, folder: Path) -> list[str]:
        port = urlsplit(self.url).port
        python = [sys.executable, "-m"]
        if self.name == "voila":
            options = [f"--port={port}", "--no-browser", "--Voila.ip=127.0.0.1"]
            return [*python, "voila", str(self.work), *options]
        settings = _settings(folder)
        app = "LabApp" if self.name == "lab" else "JupyterNotebookApp"
        return [
            *python,
            "jupyter",
            self.name,
            "--no-browser",
            "--allow-root",
            "--ServerApp.ip=127.0.0.1",
            f"--ServerApp.port={port}",
            "--ServerApp.port_retries=0",
            f"--ServerApp.root_dir={self.work}",
            f"--IdentityProvider.token={self.token}",
            f"--{app}.expose_app_in_browser=True",
            f"--{app}.user_settings_dir={settings}",
            f"--{app}.workspaces_dir={folder / 'workspaces'}",
            "--LabApp.news_url=None",
            "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        ]

    def _wait_until_ready(self) -> None:
        path = "/voila/static/" if self.name == "voila" else f"/api/status?token={self.token}"
        deadline = time.monotonic() + _READY_S
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise RuntimeError(f"{self.name} died:\n{self.log}")
            try:
                with urllib.request.urlopen(self.url + path, timeout=5):
                    return
            except urllib.error.HTTPError as error:
                # It answers, and that is all that was asked.
                error.close()
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError(f"{self.name} was not ready:\n{self.log}")

    @property
    def log(self) -> str:
        """What the server has written."""
        return self._log.read_text(errors="replace")

    def address(self, path: str, *, whole: bool = False) -> str:
        """Where a notebook of the working folder is shown.

        Args:
            path: of the notebook.
            whole: in JupyterLab, with its file browser beside it.
        """
        place = {"lab": "/doc/tree/", "notebook": "/notebooks/", "voila": "/voila/render/"}
        if whole:
            # A workspace of its own: nothing else is open in it.
            place["lab"] = f"/lab/workspaces/{Path(path).stem}/tree/"
        return f"{self.url}{place[self.name]}{quote(path)}?token={self.token}"

    def write(self, cells: Sequence[str], name: str | None = None) -> Path:
        """A notebook with these code cells, in the working folder."""
        self._count += 1
        book = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(cell) for cell in cells],
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        )
        path = self.work / (name or f"book-{self._count}.ipynb")
        nbformat.write(book, path)
        return path

    def open(
        self,
        page: Page,
        cells: Sequence[str] | Path,
        name: str | None = None,
        *,
        whole: bool = False,
    ) -> Notebook:
        """Show a notebook in a page. Voila runs it at once; elsewhere call `run`.

        Args:
            page: of a browser.
            cells: source of each code cell, or the path of a notebook, which is copied.
            name: file name in the working folder.
            whole: in JupyterLab, with its file browser beside it.
        """
        if isinstance(cells, Path):
            path = self.work / (name or cells.name)
            shutil.copyfile(cells, path)
        else:
            path = self.write(cells, name)
        page.goto(self.address(path.name, whole=whole), wait_until="domcontentloaded")
        notebook = Notebook(self, page, path)
        notebook.wait_until_ready()
        return notebook

    def stop(self) -> None:
        """End the server, its kernels, and what those started."""
        family: list[psutil.Process] = []
        with contextlib.suppress(psutil.NoSuchProcess):
            family = psutil.Process(self._process.pid).children(recursive=True)
        self._process.send_signal(signal.SIGINT if self.name == "voila" else signal.SIGTERM)
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        # What belongs to a kernel ends by itself when the kernel does.
        _, left = psutil.wait_procs(family, timeout=5)
        for process in left:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue


@dataclass
class Notebook:
    """A notebook that is open in a page.

    Attributes:
        host: its server.
        page: the page; Playwright's own.
        path: its file.
    """

    host: Host
    page: Page
    path: Path

    def wait_until_ready(self) -> None:
        """Wait for the page, and for the kernel where the page shows one."""
        if self.host.name == "voila":
            self.page.wait_for_selector("#rendered_cells, .jp-Notebook", state="attached")
            return
        self.page.wait_for_function(
            "() => window.jupyterapp?.shell?.currentWidget?.context?.isReady", timeout=60_000
        )
        self._do("await widget.context.ready; await widget.sessionContext.ready;")

    def _do(self, code: str) -> Any:
        return self.page.evaluate(
            "async () => { const app = window.jupyterapp; const widget = app.shell.currentWidget; "
            + code
            + "}"
        )

    def command(self, name: str, arguments: dict[str, Any] | None = None) -> None:
        """Execute a command of the application and wait for it."""
        given = f"{json.dumps(name)}, {json.dumps(arguments or {})}"
        self._do(f"await app.commands.execute({given});")

    def wear(self, theme: str) -> None:
        """Change the theme of JupyterLab: `Light` or `Dark`; returns when the page wears it."""
        self.command("apputils:change-theme", {"theme": f"JupyterLab {theme}"})
        light = str(theme == "Light").lower()
        self.page.wait_for_selector(f"body[data-jp-theme-light={light}]", state="attached")

    def run(self) -> None:
        """Run all cells and wait until the kernel has done them."""
        self.command("notebook:run-all-cells")

    def run_cell(self, number: int) -> None:
        """Run one cell, counted from 0, and wait until the kernel has done it."""
        self._do(f"widget.content.activeCellIndex = {number};")
        self.command("notebook:run-cell")

    def add(self, code: str) -> None:
        """Add a cell below the last one and run it, and wait until the kernel has done it."""
        self._do("widget.content.activeCellIndex = widget.content.widgets.length - 1;")
        self.command("notebook:insert-cell-below")
        self._do(f"widget.content.activeCell.model.sharedModel.setSource({json.dumps(code)});")
        self.command("notebook:run-cell")

    def save(self) -> None:
        """Write the notebook to its file."""
        self._do("await widget.context.save();")

    def interrupt(self) -> None:
        """What the square button does."""
        self._do("await widget.sessionContext.session.kernel.interrupt();")

    def restart(self) -> None:
        """Restart the kernel, without the question whether one is sure."""
        self._do("await widget.sessionContext.session.kernel.restart();")

    @property
    def outputs(self) -> str:
        """Text of all outputs."""
        return "\n".join(self.page.locator(".jp-OutputArea-output").all_inner_texts())


def _environment(folder: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("GLADIA", "JUPYTER"))}
    home = folder / "home"
    for name in ("config", "data", "runtime", "ipython"):
        (home / name).mkdir(parents=True)
    return {
        **kept,
        "HOME": str(home),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "IPYTHONDIR": str(home / "ipython"),
        "GLADIA_NB_RUNS": str(folder / "runs"),
        "PYTHONUNBUFFERED": "1",
    }


def _settings(folder: Path) -> Path:
    """Settings of a user who wants no news and keeps the state of widgets."""
    settings = folder / "settings"
    wanted = {
        "@jupyterlab/apputils-extension/notification": {
            "fetchNews": "false",
            "checkForUpdates": False,
            "doNotDisturbMode": True,
        },
        "@jupyter-widgets/jupyterlab-manager/plugin": {"saveState": True},
    }
    for name, values in wanted.items():
        path = settings / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values))
    return settings
