"""Where a service listens, and the limits of what it takes from callers."""

from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class ServerSettings(BaseSettings):
    """The part of a service's settings that is about its HTTP server."""

    model_config = SettingsConfigDict(use_attribute_docstrings=True)

    environment: Literal["production", "local"] = "production"
    """`production` refuses demonstration keys, issuers without HTTPS and JWKS over plain HTTP; `local` allows them."""
    host: str = "127.0.0.1"
    """The address to listen on."""
    port: int = Field(ge=0, le=65535)
    """The TCP port to listen on; 0 takes a free one."""
    head_bytes: int = Field(16_384, ge=8192, le=65_536)
    """Bytes of a request line and its headers; beyond it the answer is 431."""
    keep_alive_seconds: float = Field(70, gt=0, le=3600)
    """Seconds a connection may be idle, and seconds a head may take: the server has one timer for both. Longer than the
    proxy keeps its own connections to the service (deploy/proxy: 50), or requests are lost on connections that close at
    that moment."""
    body_bytes: int = Field(65_536, ge=1024, le=16_777_216)
    """Bytes of a request body; beyond it the answer is 413."""
    body_seconds: float = Field(15, gt=0, le=300)
    """Seconds a request body may take to arrive; then the answer is 408."""
    write_seconds: float = Field(10, gt=0, le=300)
    """Seconds sent data may stay unacknowledged before the kernel drops the connection (TCP_USER_TIMEOUT, Linux)."""
    connections: int = Field(1000, ge=1, le=100_000)
    """Connections accepted at the same time; more wait in the kernel. At most the limit of open files less 200."""
    requests_at_once: int = Field(500, ge=1, le=100_000)
    """Requests under way at the same time; beyond it the answer is 503 with Retry-After."""
    drain_seconds: float | None = Field(None, ge=0, le=60)
    """Seconds to go on serving after SIGTERM with `/readyz` at 503, so that proxies stop sending. 3, but 0 if local."""
    stop_seconds: float = Field(7, gt=0, le=300)
    """Seconds that requests under way get after that. What isn't answered then is cut off."""

    @property
    def drain(self) -> float:
        """Seconds to go on serving after SIGTERM."""
        if self.drain_seconds is not None:
            return self.drain_seconds
        return 0.0 if self.environment == "local" else 3.0
