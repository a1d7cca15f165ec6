"""The protocol under the framework, which answers by itself what a service has a shortcut for.

A request costs several times less here than as an ASGI call. In exchange everything about it must be plain: HTTP/1.1 on
a connection that is kept, whole within a moment, nothing before it unanswered. What is not plain uvicorn gets as if it
came from the wire.
"""

from asyncio import Future, TimerHandle
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar, Final, ParamSpec, TypeVar

from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from townhall.chassis.http import middleware
from townhall.chassis.http.exchange import Exchange
from townhall.chassis.http.shortcut import SHAPING, Head, Pending, Reply, Shortcut

SMALL: Final = 1024
"""Bytes of a body that may be held meanwhile."""
P = ParamSpec("P")
T = TypeVar("T")
_NOTED: Final = SHAPING | {middleware.REQUEST_ID}


class Quick(HttpToolsProtocol):
    """uvicorn's protocol, and before it the shortcut of the application it serves (`app.state.shortcut`)."""

    NEARLY: ClassVar = 0.5
    """Seconds a body may come after its head; how long one may take that doesn't is for the framework to say."""
    _held: Exchange | None = None
    """A plain request whose body isn't whole yet."""
    _body = b""
    _patience: TimerHandle | None = None

    def __init__(self, *args: Any, **more: Any) -> None:  # noqa: ANN401  uvicorn's own
        """Take what uvicorn gives."""
        super().__init__(*args, **more)
        self._shortcut: Shortcut | None = getattr(getattr(self.config.app, "state", None), "shortcut", None)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """Forget what was not whole."""
        self._release()
        super().connection_lost(exc)

    @override
    def shutdown(self) -> None:
        """End with the server, but for what has begun."""
        if self._held is not None:
            self._pass_on()
        super().shutdown()

    @override
    def data_received(self, data: bytes) -> None:
        """Read on; what is held is held for a moment only."""
        super().data_received(data)
        if self._held is not None and self._patience is None:
            self._patience = self.loop.call_later(self.NEARLY, self._pass_on)

    @override
    def on_message_begin(self) -> None:
        """Begin a request, which may have come in one piece with the one before."""
        self._unset_keepalive_if_required()
        super().on_message_begin()

    @override
    def on_headers_complete(self) -> None:
        """Hold a plain head until its body is here."""
        self._held = self._plain()
        if self._held is None:
            super().on_headers_complete()

    @override
    def on_body(self, body: bytes) -> None:
        """Hold a small body."""
        if self._held is None:
            super().on_body(body)
            return
        self._body += body
        if len(self._body) > SMALL:
            self._pass_on()

    @override
    def on_message_complete(self) -> None:
        """Answer, or let the framework do it."""
        if self._held is not None:
            if self._taken(self._held):
                return
            self._pass_on()
        super().on_message_complete()

    def _plain(self) -> Exchange | None:
        """Return what the head begins, if there is a window for it."""
        if self._shortcut is None or not self._free():
            return None
        told: dict[bytes, bytes] = {}
        for name, value in self.headers:
            if name in _NOTED:
                if name in told:
                    return None
                told[name] = value
        request_id = middleware.request_id(told.pop(middleware.REQUEST_ID, b""))
        head = Head(self.parser.get_method(), self.url, told)
        window = self._shortcut(head)
        return None if window is None else Exchange(head, window, request_id)

    def _free(self) -> bool:
        """Tell whether an answer can go out at once, and the connection stays afterwards."""
        answered = self.cycle is None or self.cycle.response_complete  # type: ignore[redundant-expr]  # before the first
        kept = self.parser.should_keep_alive() and self.parser.get_http_version() == "1.1"
        return answered and kept and not self.flow.write_paused and not self.transport.is_closing()

    def _pass_on(self) -> None:
        """Give the framework what was held, from the beginning."""
        body = self._release()
        super().on_headers_complete()
        if body:
            super().on_body(body)

    def _release(self) -> bytes:
        body, self._body, self._held = self._body, b"", None
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
        return body

    def _taken(self, exchange: Exchange) -> bool:
        """Hand the body in at the window; false when it is not wanted there."""
        answer = _tried(exchange.window.take, self._body)
        if answer is None:
            return False
        self._release()
        self.cycle = exchange  # type: ignore[assignment]  # as much of one as uvicorn asks for
        if isinstance(answer, Pending):
            answer.result.add_done_callback(partial(self._settled, exchange, answer.reply))
        else:
            self._answer(exchange, answer)
        return True

    def _settled(self, exchange: Exchange, reply: Callable[[Any], Reply], result: "Future[Any]") -> None:
        answer = _tried(lambda: reply(result.result()))  # Looked at even if nobody hears it.
        if exchange.disconnected or self.transport.is_closing():
            exchange.unheard()
        else:
            self._answer(exchange, answer)

    def _answer(self, exchange: Exchange, answer: Reply | Exception) -> None:
        usual = self.server_state.default_headers
        told = exchange.told(answer, usual) if isinstance(answer, Reply) else exchange.told_no(answer, usual)
        self.transport.write(told)
        exchange.response_complete = True
        if not exchange.keep_alive:
            self.transport.close()
        self.on_response_complete()


def _tried(act: Callable[P, T], *args: P.args, **more: P.kwargs) -> T | Exception:
    """Return what comes of it, an error too: there must be an answer, as in `Edge`."""
    try:
        return act(*args, **more)
    except Exception as error:  # noqa: BLE001  the last resort
        return error
