"""What a session costs that comes, proves who it is, subscribes, is answered, and leaves politely.

Two venues: Kraken Prime, whose clients sign their upgrade request, and Kraken Spot, whose clients
show a token with their private subscription. The venue checks a signature of each session; the load
signs once for each sample, as one signature is good for 30 s and a token for longer.

The load has one core too, and may be the dearer of the two; so there are two figures: what was
sustained, and what the venue alone could bear by the CPU it used for each.
"""

import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from urllib.parse import urlencode

from bench import load, load_tls
from bench.certificate import Certificate, certificate
from bench.local_venue import local_venue, post, target
from bench.measure import Cores, Pace, Sample, Server, take_turns
from bench.report import Finding, Verdict
from venuewire.core.secrets import Credentials
from venuewire.venues.kraken_prime import signing as prime
from venuewire.venues.kraken_spot import signing as spot

_AT_LEAST = 3_000
"""Each second, by a core of the venue's; over plain TCP."""
_TOGETHER = 64
_SOURCES = 40
"""Addresses: whoever connects so often runs out of ports, which stay taken for a minute."""
_PRIME, _SPOT, _PRIME_TLS = "kraken-prime", "kraken-spot", "kraken-prime, TLS"
_PRIME_FIRST = {
    "reqid": 1,
    "type": "subscribe",
    "streams": [{"name": "Balance"}],
}


def run(cores: Cores, pace: Pace) -> list[Finding]:
    keys = certificate()
    with (
        local_venue(cores.measured) as plain,
        local_venue(cores.measured, *keys.options) as secure,
    ):
        candidates = {
            _PRIME: partial(_prime, plain, pace.seconds),
            _SPOT: partial(_spot, plain, pace.seconds),
            _PRIME_TLS: partial(_prime_tls, secure, keys, pace.seconds),
        }
        return [_finding(candidates, pace)]


def _finding(candidates: Mapping[str, Callable[[], Sample]], pace: Pace) -> Finding:
    title = "Connect, authenticate, subscribe, leave"
    table = take_turns(title, candidates, pace.rounds)
    sustained = {name: spread.busy * 1e6 / spread.median for name, spread in table.items()}
    rows = [
        (
            name,
            f"{spread.median:.0f}",
            f"{spread.busy:.0%}",
            f"{sustained[name]:,.0f}",
            f"{1e6 / spread.median:,.0f}",
        )
        for name, spread in table.items()
    ]
    verdicts = [
        Verdict(
            f"{name}: sustained each second, at least {_AT_LEAST:,}",
            f"{sustained[name]:,.0f}",
            sustained[name] >= _AT_LEAST,
        )
        for name in (_PRIME, _SPOT)
    ]
    headings = ("CPU us each", "busy", "sustained /s", "by its CPU /s")
    return Finding(f"{title}: one core of the venue's", headings, rows, verdicts)


def _prime(server: Server, seconds: float) -> Sample:
    headers = "".join(f"{header}\\r\\n" for header in _prime_headers(server))
    first = json.dumps(_PRIME_FIRST)
    way = ("target", target(server, _PRIME), "headers", headers)
    return _sessions(server, seconds, *way, "first", first, "settled", '"initial":true')


def _spot(server: Server, seconds: float) -> Sample:
    params = {"channel": "executions", "token": _spot_token(server)}
    first = json.dumps({"method": "subscribe", "params": params, "req_id": 1})
    way = ("target", target(server, _SPOT).replace("kraken-spot", "kraken-spot-auth"))
    return _sessions(server, seconds, *way, "first", first, "settled", '"success":true')


def _sessions(server: Server, seconds: float, *way: str) -> Sample:
    counted = load.run(
        *("loads/connect", seconds),
        *("port", server.port, "pids", server.pids, "milliseconds", int(seconds * 1000)),
        *("together", _TOGETHER, "sources", _SOURCES, *way),
    )
    return Sample.of(messages=counted["messages"], cpu=counted["cpu"], wall=counted["wall"])


def _prime_tls(server: Server, keys: Certificate, seconds: float) -> Sample:
    url = f"wss://127.0.0.1:{server.port}{target(server, _PRIME)}"
    first, headers = json.dumps(_PRIME_FIRST).encode(), _prime_headers(server)
    visit = partial(load_tls.visit, url, keys.trust, headers, first, b'"initial":true')
    return load_tls.repeat(server, visit, seconds)


# Proofs.


def _credentials(server: Server, venue: str) -> Credentials:
    told = server.told["credentials"][venue]
    return Credentials(told["api_key"], told["api_secret"])


def _prime_headers(server: Server) -> tuple[str, ...]:
    credentials = _credentials(server, _PRIME)
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    signature = prime.sign(credentials.api_secret, now, "127.0.0.1", prime.VENUE_PATH)
    return (
        f"ApiKey: {credentials.api_key}",
        f"ApiSign: {signature}",
        f"ApiTimestamp: {now}",
    )


def _spot_token(server: Server) -> str:
    credentials = _credentials(server, _SPOT)
    nonce = str(time.time_ns() // 1000)
    form = urlencode({"nonce": nonce}).encode()
    secret = spot.secret_bytes(credentials.api_secret)
    headers = {
        "API-Key": credentials.api_key,
        "API-Sign": spot.sign(secret, spot.TOKEN_PATH, nonce, form),
        "Content-Type": "application/x-www-form-urlencoded",
    }
    answer = post(f"{server.told['base']}/kraken-spot{spot.TOKEN_PATH}", form, headers)
    return str(answer["result"]["token"])
