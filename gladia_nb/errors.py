"""Everything that can go wrong, as one tree. Each message says what happened and what to do.

* `GladiaNbError`
    * `ConfigError` (a `ValueError`): a setting is unknown or out of range
    * `AudioError` (a `ValueError`): audio cannot be read, is empty, or is not sound
    * `ApiError`: the service answered a request with an error status
        * `AuthenticationError`: 401, the key is missing or wrong
        * `NotFoundError`: 404, no such session
        * `LimitError`: 429, too many sessions at once
    * `UnreachableError`: no answer from the service at all
    * `SessionError`: a session that had begun ended in another way than it should
    * `WorkerError`: the process that runs sessions could not be started, or died
    * `ServerError`: the embedded server could not be started
    * `ModelError`: a model of a recogniser cannot be fetched, unpacked or deleted
    * `RunFileError`: a run cannot be written, read or understood

A `SessionError` or `WorkerError` carries the run that was recorded until then, so that nothing
is lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gladia_nb.plain_text import visible

__all__ = [
    "ApiError",
    "AudioError",
    "AuthenticationError",
    "ConfigError",
    "GladiaNbError",
    "LimitError",
    "ModelError",
    "NotFoundError",
    "RunFileError",
    "ServerError",
    "SessionError",
    "UnreachableError",
    "WorkerError",
    "internal_error",
]


class GladiaNbError(Exception):
    """Base of all errors of this package; `str(error)` is one sentence for a person."""

    #: The run as far as it was recorded, where there is one.
    run: Any = None

    def __str__(self) -> str:
        # What a service says stands in many of them, and a traceback is shown in a terminal too.
        return visible(super().__str__(), keep="\n")


class ConfigError(GladiaNbError, ValueError):
    """A setting is unknown or outside what the API allows.

    Attributes:
        problems: one sentence a field, each beginning with the field's path.
        found: the `gladia_nb.config.Problem` behind each of them, for errors of a configuration.
    """

    def __init__(
        self, message: str, problems: list[str] | None = None, found: Sequence[Any] = ()
    ) -> None:
        super().__init__(message)
        self.problems = problems or [message]
        self.found = tuple(found)


class AudioError(GladiaNbError, ValueError):
    """The audio cannot be used."""


class ApiError(GladiaNbError):
    """The service answered with an error status.

    Attributes:
        status: the HTTP status.
        request_id: the service's own name for the request, for its support, or None.
        validation_errors: the service's sentences about single fields.
        retry_after_s: seconds after which the service wants to be asked again; None for not said.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int,
        request_id: str | None = None,
        validation_errors: list[str] | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.request_id = request_id
        self.validation_errors = validation_errors or []
        self.retry_after_s = retry_after_s


class AuthenticationError(ApiError):
    """The key is missing or wrong (401)."""


class NotFoundError(ApiError):
    """There is no such session (404)."""


class LimitError(ApiError):
    """Too many sessions at once, or too many requests (429)."""


class UnreachableError(GladiaNbError):
    """The service could not be reached, or did not answer in time.

    Attributes:
        lasting: whether it will be the same a moment later, as with an untrusted certificate.
    """

    def __init__(self, message: str, *, lasting: bool = False) -> None:
        super().__init__(message)
        self.lasting = lasting


class SessionError(GladiaNbError):
    """A session ended in another way than it should.

    Attributes:
        code: the WebSocket close code, where there was one.
    """

    def __init__(self, message: str, *, code: int | None = None) -> None:
        super().__init__(message)
        self.code = code


class WorkerError(GladiaNbError):
    """The process that runs the sessions could not be started, or died."""


class ServerError(GladiaNbError):
    """The embedded server could not be started, or died."""


class ModelError(GladiaNbError):
    """A model of a recogniser cannot be fetched, unpacked or deleted."""


class RunFileError(GladiaNbError):
    """A run file cannot be written, read or understood."""


def internal_error(error: BaseException) -> SessionError:
    """The error of a mistake of ours, so that even that ends a session with a sentence.

    Example:
        >>> print(internal_error(KeyError("id")))
        An internal error ended the session: KeyError: 'id'. Please report it.
    """
    text = f"{type(error).__name__}: {error}"[:500]
    return SessionError(f"An internal error ended the session: {text}. Please report it.")


#: Errors that the worker reports by name; the caller's side raises them again under that name.
BY_NAME: dict[str, type[GladiaNbError]] = {
    cls.__name__: cls
    for cls in (
        GladiaNbError,
        ConfigError,
        AudioError,
        ApiError,
        AuthenticationError,
        NotFoundError,
        LimitError,
        UnreachableError,
        SessionError,
        WorkerError,
        ServerError,
        ModelError,
        RunFileError,
    )
}
