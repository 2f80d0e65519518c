"""The doors to models of recognisers: `models get`, `models list` and `models remove`."""

from __future__ import annotations

import argparse

from tqdm import tqdm

from gladia_nb.cli.text import plain
from gladia_nb.server.models.cache import cached_models, remove_model
from gladia_nb.server.models.getting import get_model

__all__ = ["get", "remove", "show"]


def get(arguments: argparse.Namespace) -> int:
    """Fetch a model, and say how it is used."""
    # Where nobody watches, nothing moves.
    with tqdm(unit="B", unit_scale=True, unit_divisor=1024, disable=None, leave=False) as bar:

        def told(there: int, total: int | None) -> None:
            bar.total = total
            bar.update(there - bar.n)

        path = get_model(arguments.url, name=arguments.name, sha256=arguments.sha256, progress=told)
    print(f"The model is in {plain(path)}. Try:\n")
    print(f"    gladia-nb serve --engine sherpa --model {plain(path.name)}")
    return 0


def show(_: argparse.Namespace) -> int:
    """Print the models that were fetched, a line each: size, name, folder."""
    for model in cached_models():
        print(f"{model.size / 1e6:8.1f} MB  {plain(model.name)}  {plain(model.path)}")
    return 0


def remove(arguments: argparse.Namespace) -> int:
    """Delete a model that was fetched."""
    remove_model(arguments.name)
    return 0
