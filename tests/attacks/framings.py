"""Ways to write one ballot so that two readers could differ about where it ends; and what should become of each."""

from enum import Enum
from typing import Final

BODY: Final = b'{"choice":"yes"}'
NEXT: Final = b"GET /votes/hidden HTTP/1.1\r\nHost: voting.test\r\n\r\n"
"""A request inside what another reader takes for the body."""
LINE: Final = b"PUT %b HTTP/1.1\r\n"
HOST: Final = b"Host: voting.test\r\n"
CHUNKED: Final = b"Transfer-Encoding: chunked\r\n"
PLAIN: Final = b"Content-Length: 16\r\n"


class Wanted(Enum):
    """What a server may do with a framing."""

    SERVED = "one answer, 200"
    REFUSED = "nothing counted, at most one answer, 400 to 501, and the connection ends"
    ONCE = "at most one answer, and the connection ends"
    TOLERATED = "at most one answer; the connection may be kept. Two readers could differ; the proxy rewrites it"


def head(*lines: bytes, first: bytes = LINE, host: bytes = HOST) -> bytes:
    """Write a head; `%b` in it stands for the path, `<token>` for the authorization."""
    return first + host + b"<token>" + b"Content-Type: application/json\r\n" + b"".join(lines) + b"\r\n"


def chunks(size: bytes = b"10", end: bytes = b"\r\n", last: bytes = b"0\r\n\r\n", extra: bytes = b"") -> bytes:
    """Write the ballot in one chunk."""
    return size + extra + b"\r\n" + BODY + end + last


def length(*values: bytes) -> bytes:
    """Write a head with these content lengths, and the body."""
    return head(*(b"Content-Length: " + value + b"\r\n" for value in values)) + BODY


def coded(*values: bytes) -> bytes:
    """Write a head with these transfer codings, and the body in chunks."""
    return head(*(b"Transfer-Encoding: " + value + b"\r\n" for value in values)) + chunks()


BOTH: Final = head(b"Content-Length: %d\r\n" % (len(chunks()) + len(NEXT)), CHUNKED) + chunks() + NEXT
SHORT: Final = head(CHUNKED, b"Content-Length: 4\r\n") + chunks() + NEXT
SERVED, REFUSED, ONCE, TOLERATED = Wanted

FRAMINGS: Final[dict[str, tuple[bytes, Wanted]]] = {
    "plain": (head(PLAIN) + BODY, SERVED),
    "chunked": (head(CHUNKED) + chunks(), SERVED),
    "chunked, leading zeros": (head(CHUNKED) + chunks(b"00010"), SERVED),
    "chunked, an extension": (head(CHUNKED) + chunks(extra=b";a=b"), SERVED),
    # Content-Length and Transfer-Encoding
    "length, then chunked": (BOTH, ONCE),
    "chunked, then a shorter length": (SHORT, ONCE),
    "two lengths that differ": (length(b"16", b"17"), REFUSED),
    "two lengths that agree": (length(b"16", b"16"), TOLERATED),
    "a list of lengths": (length(b"16, 17"), REFUSED),
    "length +16": (length(b"+16"), REFUSED),
    "length -1": (length(b"-1"), REFUSED),
    "length 0x10": (length(b"0x10"), REFUSED),
    "length 1_6": (length(b"1_6"), REFUSED),
    "length 1 6": (length(b"1 6"), REFUSED),
    "length 16.0": (length(b"16.0"), REFUSED),
    "length of nothing": (length(b""), REFUSED),
    "length of 20 digits": (length(b"9" * 20), REFUSED),
    "a space before the colon of a length": (head(b"Content-Length : 16\r\n") + BODY, REFUSED),
    # Transfer codings
    "chunked twice in a list": (coded(b"chunked, chunked"), TOLERATED),
    "chunked twice": (coded(b"chunked", b"chunked"), TOLERATED),
    "identity": (coded(b"identity"), REFUSED),
    "identity beside a length": (head(PLAIN, b"Transfer-Encoding: identity\r\n") + BODY, REFUSED),
    "xchunked": (coded(b"xchunked"), REFUSED),
    "chunked, identity": (coded(b"chunked, identity"), REFUSED),
    "gzip, chunked": (coded(b"gzip, chunked"), TOLERATED),
    "a vertical tab before chunked": (coded(b"\x0bchunked"), REFUSED),
    "a space before the colon of a coding": (head(b"Transfer-Encoding : chunked\r\n") + chunks(), REFUSED),
    "chunked in HTTP/1.0": (head(CHUNKED, first=b"PUT %b HTTP/1.0\r\n") + chunks(), ONCE),
    # Chunks
    "chunk size 0x10": (head(CHUNKED) + chunks(b"0x10"), REFUSED),
    "chunk size +10": (head(CHUNKED) + chunks(b"+10"), REFUSED),
    "chunk size -10": (head(CHUNKED) + chunks(b"-10"), REFUSED),
    "chunk size 1_0": (head(CHUNKED) + chunks(b"1_0"), REFUSED),
    "chunk size of nothing": (head(CHUNKED) + chunks(b""), REFUSED),
    "chunk size no number": (head(CHUNKED) + chunks(b"xyz"), REFUSED),
    "chunk size past 64 bits": (head(CHUNKED) + chunks(b"1" + b"0" * 16), REFUSED),
    "chunk with nothing after it": (head(CHUNKED) + chunks(end=b""), REFUSED),
    "chunk longer than its size": (head(CHUNKED) + chunks(b"f"), REFUSED),
    "chunk lines ended by LF": (head(CHUNKED) + b"10\n" + BODY + b"\n0\n\n", REFUSED),
    "chunk extension of 100 KB": (head(CHUNKED) + chunks(extra=b";" + b"a" * 100_000), REFUSED),
    "chunk extension with a bare LF": (head(CHUNKED) + chunks(extra=b";a\nb"), REFUSED),
    "a chunk that never ends": (head(CHUNKED) + b"10\r\n" + BODY[:5], REFUSED),
    "a trailer that is no header": (head(CHUNKED) + chunks(last=b"0\r\nno header\r\n\r\n"), REFUSED),
    # Lines of the head
    "lines ended by LF": (head(PLAIN).replace(b"\r\n", b"\n") + BODY, TOLERATED),
    "lines ended by CR": (head(PLAIN).replace(b"\r\n", b"\r") + BODY, REFUSED),
    "a folded header": (head(b"X-Note: a\r\n b\r\n", PLAIN) + BODY, REFUSED),
    "a folded length": (head(b"Content-Length:\r\n 16\r\n") + BODY, REFUSED),
    "a NUL in a header": (head(b"X-Note: a\0b\r\n", PLAIN) + BODY, REFUSED),
    "a CR in a header": (head(b"X-Note: a\rb\r\n", PLAIN) + BODY, REFUSED),
    "a header without a colon": (head(b"X-Note\r\n", PLAIN) + BODY, REFUSED),
    "a header without a name": (head(b": value\r\n", PLAIN) + BODY, REFUSED),
    "a space in a header's name": (head(b"X Note: a\r\n", PLAIN) + BODY, REFUSED),
    # The request line
    "two spaces in the request line": (head(PLAIN, first=b"PUT  %b HTTP/1.1\r\n") + BODY, REFUSED),
    "a tab in the request line": (head(PLAIN, first=b"PUT\t%b HTTP/1.1\r\n") + BODY, REFUSED),
    "a NUL in the path": (head(PLAIN, first=b"PUT %b\0 HTTP/1.1\r\n") + BODY, REFUSED),
    "a space in the path": (head(PLAIN, first=b"PUT %b b HTTP/1.1\r\n") + BODY, REFUSED),
    "a method in small letters": (head(PLAIN, first=b"put %b HTTP/1.1\r\n") + BODY, TOLERATED),
    "HTTP/2.0": (head(PLAIN, first=b"PUT %b HTTP/2.0\r\n") + BODY, REFUSED),
    "HTTP/1.2": (head(PLAIN, first=b"PUT %b HTTP/1.2\r\n") + BODY, TOLERATED),
    "HTTP/0.9": (head(PLAIN, first=b"PUT %b\r\n") + BODY, REFUSED),
    "the preface of HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", REFUSED),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", REFUSED),
}
