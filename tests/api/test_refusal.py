import pytest

from gladia_nb.api.refusal import api_error, object_of, unreachable
from gladia_nb.errors import ApiError, AuthenticationError, LimitError, NotFoundError


@pytest.mark.parametrize(
    ("status", "text", "kind", "sentence"),
    [
        (401, '{"message":"no key provided"}', AuthenticationError, "no key provided"),
        (404, '{"message":"Not found"}', NotFoundError, "does not know this session (Not found)"),
        (429, "", LimitError, "(no explanation)"),
        (400, '{"message":"m","validation_errors":["a b","c d"]}', ApiError, "a b; c d"),
        (503, "<html>" + "x" * 999, ApiError, "answered 503 (Service Unavailable): xxx"),
        (502, "<style>p {}</style><h1>Bad\n Way</h1>", ApiError, "(Bad Gateway): Bad Way."),
        (599, "<p>Odd<script>let a = '<b>'", ApiError, "The service answered 599: Odd."),
        (404, "<title>Not here</title>", NotFoundError, "does not know this session (no expl"),
        (400, '{"message":7,"validation_errors":3,"request_id":4}', ApiError, "answered 400"),
        (400, "[1]", ApiError, "answered 400 (Bad Request): [1]"),
    ],
)  # fmt: skip
def test_any_error_body_becomes_one_sentence(status, text, kind, sentence):
    error = api_error(status, text)
    assert type(error) is kind
    assert sentence in str(error)
    assert error.status == status
    assert len(str(error)) < 400


def test_a_body_that_is_nested_beyond_reading_is_none():
    assert object_of("[" * 100_000) == {}
    assert api_error(429, "", "7").retry_after_s == 7
    assert api_error(429, "", "1e9").retry_after_s == 86_400
    for odd in (None, "", "soon", "nan", "-3"):
        assert api_error(429, "", odd).retry_after_s is None
    assert "500" in str(api_error(500, '{"message":' * 100_000))


def test_a_service_that_is_not_there_is_named_without_secrets():
    error = unreachable("https://me:pass@nowhere.invalid/v2/live?token=abc", OSError("no route"))
    assert "nowhere.invalid" in str(error)
    for secret in ("me:", "pass", "token", "abc"):
        assert secret not in str(error)
