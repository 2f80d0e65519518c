"""Answers to requests that are refused: one error body for all."""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from gladia_nb.server.session.messages import timestamp

__all__ = ["RefusalError", "invalid", "is_same"]


class RefusalError(Exception):
    """A request that is answered with an error of the common shape.

    Args:
        status: HTTP status.
        message: what is wrong.
        problems: each invalid field, a sentence that begins with its name.
        job: id of the session that was asked for.
        headers: of the answer.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        problems: list[str] | None = None,
        job: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.problems = problems
        self.job = job
        self.headers = headers

    def response(self, request: web.Request) -> web.Response:
        """The common error body."""
        body: dict[str, Any] = {
            "timestamp": timestamp(time.time()),
            "path": request.path,
            "request_id": f"G-{self.job[:8] or secrets.token_hex(4)}",
            "statusCode": self.status,
            "message": self.message,
        }
        if self.problems is not None:
            body["validation_errors"] = self.problems
        return web.json_response(body, status=self.status, headers=self.headers)


def invalid(*problems: str) -> RefusalError:
    """The refusal of invalid parameters, a sentence for each."""
    return RefusalError(400, "Invalid parameter(s)", problems=list(problems))


def is_same(given: str, known: str) -> bool:
    """Whether a secret is the right one; takes as long for every wrong one.

    Args:
        given: from a header, in which anything may stand.
        known: the secret.
    """
    return hmac.compare_digest(given.encode(errors="surrogateescape"), known.encode())
