"""The health check of a container: one request to the service that runs beside it."""

from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import Final

SECONDS: Final = 3.0
"""How long the service may take to answer."""
_ANY: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  names them to call the service, and listens nowhere


def unready(host: str, port: int) -> str | None:
    """Return None if the service on this address is ready, else a sentence that says why it isn't.

    `host` and `port` are the service's own settings; an address that listens everywhere is called on loopback.
    """
    connection = HTTPConnection(_ANY.get(host, host), port, timeout=SECONDS)
    try:
        connection.request("GET", "/readyz")
        status = connection.getresponse().status
    except (OSError, HTTPException) as error:
        return f"The service doesn't answer: {type(error).__name__}."
    finally:
        connection.close()
    return None if status == HTTPStatus.OK else f"The service is not ready: /readyz answers {status}."
