"""Hosts, networks, origins and URLs as settings hold them."""

import ipaddress
from urllib.parse import SplitResult, urlsplit

IN_MEMORY = "memory://"


def host(text: str) -> str:
    """An IP address or localhost; raises ValueError."""
    if text != "localhost":
        try:
            ipaddress.ip_address(text)
        except ValueError:
            raise ValueError("must be an IP address or localhost, for instance 127.0.0.1 or 0.0.0.0") from None
    return text


def is_loopback(text: str) -> bool:
    """Whether a host is reached from this machine only."""
    return text == "localhost" or ipaddress.ip_address(text).is_loopback


def network(text: str) -> str:
    """A CIDR block, or one address, as it is written canonically; raises ValueError."""
    try:
        block = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise ValueError(f"{text!r} is no network: write 10.0.0.0/8, 2001:db8::/32 or an address") from None
    return str(block)


def networks(texts: list[str]) -> list[str]:
    """CIDR blocks, which may not cover every address of a kind even together; raises ValueError."""
    blocks = [ipaddress.ip_network(network(text)) for text in texts]
    v4 = ipaddress.collapse_addresses(each for each in blocks if isinstance(each, ipaddress.IPv4Network))
    v6 = ipaddress.collapse_addresses(each for each in blocks if isinstance(each, ipaddress.IPv6Network))
    if not (all(each.prefixlen for each in v4) and all(each.prefixlen for each in v6)):
        named = ", ".join(map(repr, texts))
        raise ValueError(f"{named} is every address, so that anybody could give any address; name the proxies' own")
    return list(map(str, blocks))


def origin(text: str) -> str:
    """A web origin; raises ValueError."""
    if "*" in text:
        raise ValueError("* would let any web page call; name each origin, for instance https://lab.example.org")
    parts = _split(text)
    if parts is None or parts.scheme not in {"http", "https"} or text != f"{parts.scheme}://{parts.netloc}":
        raise ValueError(f"{text!r} is no origin: write scheme://host or scheme://host:port, without a path")
    return text


def http_url(text: str) -> str:
    """An http or https URL with a host; raises ValueError."""
    parts = _split(text)
    if parts is None or parts.scheme not in {"http", "https"}:
        raise ValueError("must be a URL with a host, for instance http://localhost:4317")
    return text


def bare_url(text: str) -> str:
    """An http or https URL without a user or password, which would be shown; raises ValueError that repeats nothing."""
    if "@" in text or "?" in text or "#" in text:
        raise ValueError("must be a URL without a user, password, query or fragment")
    return http_url(text)


def store_url(text: str) -> SplitResult:
    """memory:// or the URL of a Redis; raises ValueError without repeating the text, which may hold a password."""
    parts = _split(text)
    if text == IN_MEMORY:
        return urlsplit(text)
    if parts is None or parts.scheme not in {"redis", "rediss"}:
        raise ValueError(f"must be {IN_MEMORY}, redis://HOST:PORT/DB or, encrypted, rediss://HOST:PORT/DB")
    return parts


def host_and_port(text: str) -> str:
    """HOST:PORT, with an IPv6 address in brackets; raises ValueError."""
    parts = _split(f"//{text}")
    if parts is None or parts.port is None or parts.netloc != text or "@" in text:
        raise ValueError("must be HOST:PORT, for instance mfn.example.org:50051 or [2001:db8::1]:50051")
    return text


def _split(text: str) -> SplitResult | None:
    """The parts of a URL that has a host and, if any, a port in range."""
    try:
        parts = urlsplit(text)
        return parts if parts.hostname and parts.port != 0 and " " not in text else None
    except ValueError:
        return None
