"""Where a request comes from, believed only as far as the configured proxies go."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True)
class AddressRules:
    """`allowed` empty means everybody; `proxies` are those whose X-Forwarded-For is believed."""

    allowed: tuple[_Network, ...]
    proxies: tuple[_Network, ...]

    def caller(self, peer: str, forwarded: Iterable[str]) -> str:
        """The address of whoever really calls: the last one in the chain that is not a proxy of ours.

        `forwarded` holds the values of X-Forwarded-For; a stranger's header is ignored, and so is what is
        no address: then it is the last one known, a proxy of ours.
        """
        chain = [part for value in forwarded for part in value.split(",")]
        address = peer
        while chain and self._is_in(self.proxies, address):
            told = _read_address(chain.pop())
            if not told:
                break
            address = told
        return address

    def allows(self, address: str) -> bool:
        return not self.allowed or self._is_in(self.allowed, address)

    def _is_in(self, networks: tuple[_Network, ...], address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
            parsed = parsed.ipv4_mapped
        return any(parsed in network for network in networks if network.version == parsed.version)


def one_caller(address: str) -> str:
    """What throttles count as one: an IPv4 address, or the /64 that one household or office is given."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((int(parsed), 64), strict=False))


def _read_address(text: str) -> str:
    """Some proxies write a port: `192.0.2.1:4711`, `[2001:db8::1]:4711`. "" for what is no address."""
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return ""


def make_address_rules(allowed: Iterable[str], proxies: Iterable[str]) -> AddressRules:
    """Raises ValueError for what is not an address or network."""
    return AddressRules(
        allowed=tuple(ipaddress.ip_network(text, strict=False) for text in allowed),
        proxies=tuple(ipaddress.ip_network(text, strict=False) for text in proxies),
    )
