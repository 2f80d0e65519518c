"""What the named networks do, in a few words, for whoever chooses one in a form."""

from __future__ import annotations

import json

from gladia_nb.network.profiles import PROFILES, Network

__all__ = ["in_words", "network_choices"]


def in_words(network: Network) -> str:
    """What a network does to a session.

    Example:
        >>> in_words(PROFILES["train"])
        '60 \u00b1 40 ms each way, 1.5 Mbit/s, stalls of 2.5 s, resets'
        >>> in_words(PROFILES["none"])
        'a proxy that changes nothing'
    """
    told = []
    if network.delay_ms:
        varies = f" \u00b1 {network.jitter_ms:g}" if network.jitter_ms else ""
        told.append(f"{network.delay_ms:g}{varies} ms each way")
    if network.bandwidth_kbps >= 1000:
        told.append(f"{network.bandwidth_kbps / 1000:g} Mbit/s")
    elif network.bandwidth_kbps:
        told.append(f"{network.bandwidth_kbps:g} kbit/s")
    if network.stall_s:
        told.append(f"stalls of {network.stall_s:g} s")
    if network.reset_every_s:
        told.append("resets")
    return ", ".join(told) or "a proxy that changes nothing"


def network_choices() -> dict[str, dict[str, str]]:
    """Of each profile by name: `text`, what it does; `own`, the same as fields to change, in JSON.

    Example:
        >>> network_choices()["wifi"]["own"]
        '{"delay_ms": 5, "jitter_ms": 4, "bandwidth_kbps": 20000}'
    """
    return {
        name: {"text": in_words(network), "own": json.dumps(_fields(network))}
        for name, network in PROFILES.items()
    }


def _fields(network: Network) -> dict[str, float]:
    told = {name: value for name, value in network.header().items() if name != "profile"}
    return {name: int(value) if value == int(value) else value for name, value in told.items()}
