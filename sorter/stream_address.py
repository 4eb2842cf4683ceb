"""Addresses of network cameras: what may be told of them, and what is wrong with one."""

from __future__ import annotations

from urllib.parse import urlsplit

SCHEMES = ("rtsp", "rtsps")


def shown_address(url: str) -> str:
    """The address without user, password and query, whatever signs the password is made of.

    A password with a `/`, `?` or `#` in it ends no earlier than the last `@`. An `@` further on
    takes a part of the address with it: too little is told rather than too much.
    """
    scheme, separator, rest = url.partition("://")
    if not separator:
        scheme, rest = "", url
    rest, named = rest.rpartition("@")[2], "@" in rest
    host, colon, port = rest.partition("/")[0].partition(":")
    if not named and colon and not port.isdecimal() and not host.startswith("["):
        # Who forgets the address itself has a password where the port should be.
        rest = "..."
    for end in "?#":
        rest = rest.partition(end)[0]
    return f"{scheme}{separator}{rest}"


def misfit_of_address(url: str) -> str | None:
    """What an address should be instead; None where it is well.

    Never more of it than `shown_address`.
    """
    try:
        parts = urlsplit(url)
        port_fits = parts.port is None or parts.port > 0
    except ValueError:
        parts, port_fits = None, False
    if parts is not None and parts.scheme not in SCHEMES:
        return "has to be an address that begins with rtsp://"
    if parts is None or not port_fits or not parts.hostname:
        return (
            f"found {shown_address(url)!r}; allowed: rtsp://user:password@address:554/path, with "
            f"a number as the port, and with % and two digits for signs as : / ? # [ ] @ % in user "
            f"and password (%2F for /)"
        )
    return None
