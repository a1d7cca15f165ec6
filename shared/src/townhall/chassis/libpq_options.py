"""The options of a libpq URL: which are supported, and what their values may be."""

import os
import re
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl

SSL_MODES: Final = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
"""libpq's modes; from `require` on a connection without TLS is refused."""
SESSION_ATTRIBUTES: Final = ("any", "read-write", "primary")
"""Values of `target_session_attrs` with which a service can work: it has to write."""
FILES: Final = ("sslrootcert", "sslcert", "sslkey")
OPTIONS: Final = frozenset({"host", "port", "sslmode", *FILES, "target_session_attrs", "connect_timeout"})
LONGEST_WAIT: Final = 60
_PLAIN_NAME: Final = re.compile(r"[a-z_]{1,40}")


class InvalidDatabaseUrl(ValueError):
    """A URL can't be used. The text continues a sentence that begins with the setting, and contains no secret."""


def options_of(query: str) -> dict[str, str]:
    """Read the query of a URL; raises `InvalidDatabaseUrl` for an option that is unknown or there twice."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True) if query else []
    except ValueError:
        raise InvalidDatabaseUrl("has options that are not written name=value") from None
    options = dict(pairs)
    for name in sorted(options.keys() - OPTIONS):
        shown = f"the option {name}, which" if _PLAIN_NAME.fullmatch(name) else "an option that"
        raise InvalidDatabaseUrl(f"has {shown} is not supported; supported are {', '.join(sorted(OPTIONS))}")
    if len(options) < len(pairs):
        raise InvalidDatabaseUrl("has an option twice")
    return options


def one_of(name: str, allowed: tuple[str, ...], value: str) -> str:
    """Return the value of an option if it is allowed; raises `InvalidDatabaseUrl`."""
    if value not in allowed:
        raise InvalidDatabaseUrl(f"has an option {name} that is none of {', '.join(allowed)}")
    return value


def session_attributes(options: Mapping[str, str], *, many: bool) -> str:
    """Return `target_session_attrs`, which several hosts need; raises `InvalidDatabaseUrl`."""
    if many and "target_session_attrs" not in options:
        raise InvalidDatabaseUrl("has several hosts, so it needs target_session_attrs=read-write")
    return one_of("target_session_attrs", SESSION_ATTRIBUTES, options.get("target_session_attrs", "any"))


def seconds(text: str) -> float:
    """Return `connect_timeout`; raises `InvalidDatabaseUrl`."""
    if not text.isdecimal() or not 0 < int(text) <= LONGEST_WAIT:
        raise InvalidDatabaseUrl(f"has an option connect_timeout that is no number from 1 to {LONGEST_WAIT}")
    return float(text)


def checked_files(options: Mapping[str, str]) -> dict[str, str]:
    """Return the certificates' paths after loading them once; raises `InvalidDatabaseUrl`."""
    files = {name: options[name] for name in FILES if options.get(name)}
    if options.get("sslmode", "").startswith("verify-") and "sslrootcert" not in files:
        raise InvalidDatabaseUrl("needs sslrootcert, the file of the certificate authority, for sslmode=verify-...")
    if ("sslcert" in files) != ("sslkey" in files):
        raise InvalidDatabaseUrl("needs both sslcert and sslkey for a client certificate")
    for name, path in files.items():
        if not (Path(path).is_file() and os.access(path, os.R_OK)):
            raise InvalidDatabaseUrl(f"has an option {name} that names no readable file")
    try:
        if "sslrootcert" in files:
            ssl.create_default_context(cafile=files["sslrootcert"])
        if "sslcert" in files:
            ssl.create_default_context().load_cert_chain(files["sslcert"], files["sslkey"], password="")
    except (OSError, ValueError):
        raise InvalidDatabaseUrl("names a certificate or key that can't be used: PEM without a passphrase") from None
    return files
