"""Canaries: what must not be found in a log, a text or an error, whatever happens to a session."""

import logging

import pytest

import venuewire
from integration.client.staged_venue import (
    CREDENTIALS,
    QUICK,
    TOKEN,
    Stage,
    StagedVenue,
    next_of,
    rest_of,
)
from venuewire import Down, NotLive, Ready

CANARIES = (TOKEN, CREDENTIALS.api_key, CREDENTIALS.api_secret, CREDENTIALS.passphrase)


async def test_no_secret_is_logged_or_told(caplog: pytest.LogCaptureFixture) -> None:
    """Method: everything logs all it can, and the session meets every kind of misfortune."""
    caplog.set_level(1)
    for name in ("venuewire", "venuewire.client", "picows"):
        caplog.set_level(1, logger=name)
    said: list[object] = []
    async with Stage() as stage:
        for refusal in (None, (401, {}, TOKEN.encode()), (301, {"Location": f"/{TOKEN}"}, b"")):
            stage.refusal = refusal
            venue = StagedVenue(fetches=True)
            async with stage.session(venue=venue, credentials=CREDENTIALS) as session:
                said.append(await next_of(session, Ready, Down))
                if refusal is None:
                    stage.write(b"\xc1\x00")
                    said += [await next_of(session, Down), session.health]
                said += [repr(session), session.health]
            said += await rest_of(session)
    for url in ("ws://127.0.0.1:1/", "http://x/", "ws://x:y/", "ws://[::", "ws://x/#"):
        lost = venuewire.connect(
            StagedVenue().venue, url=url, credentials=CREDENTIALS, backoff=QUICK
        )
        async with lost:
            said.append(await next_of(lost, Down))
            with pytest.raises(NotLive) as error:
                lost.assert_live()
            said.append(error.value)
    ours = [record for record in caplog.records if record.name.startswith("venuewire")]
    # The server's own log, which shows the requests it got, is not ours to judge.
    text = "\n".join(record.getMessage() for record in ours) + repr(said)
    assert [canary for canary in CANARIES if canary in text] == []
    others = [
        record.name
        for record in caplog.records
        if not record.name.startswith(("venuewire", "websockets"))
        and any(canary in record.getMessage() for canary in CANARIES)
    ]
    assert others == []
    assert {record.levelno for record in ours} == {logging.DEBUG}


async def test_the_log_has_a_line_for_everything_that_happens(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, logger="venuewire.client")
    async with Stage() as stage, stage.session(venue=StagedVenue(control_pings=True)) as session:
        await session.subscribe("news", timeout=5)
        await session.ping()
        await (await stage.links[0].ping())
    lines = [r.getMessage() for r in caplog.records if r.name == "venuewire.client"]
    address = stage.upgrades[0].headers["Host"]
    assert lines == [
        f"= link 1: dialing ws://{address}/?token=***",
        "= link 1: open",
        "= Ready",
        "> link 1: text, 42 bytes",
        "< link 1: text, 29 bytes",
        "= Subscribed",
        "% link 1: ping, 1 bytes",
        "% link 1: pong, 1 bytes",
        "% link 1: ping answered, 4 bytes",
        "> link 1: close 1000",
        "= Down",
        "< link 1: close 1000",
    ]
