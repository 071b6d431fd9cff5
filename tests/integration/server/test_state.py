"""Accounts, notifications and what was published: over HTTP, over a restart, without secrets."""

import asyncio
import logging
import re
import textwrap
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
import websockets

import venuewire
from toy_venue import TOY
from venuewire.core.errors import ConfigurationError, LocalProtocolError, NotKept
from venuewire.core.secrets import Account, Credentials
from venuewire.server import LocalVenue
from venuewire.transport.store import Store

FUTURES = "kraken-futures"
PAGE = Path(__file__, "../../../../docs/reference/state.md").resolve()
TIMEOUT = 10.0
CHANNELS = {
    "kraken-futures": "fills",
    "kraken-prime": "Balance",
    "kraken-spot": "balances",
    "kucoin": "/account/balance",
    "kucoin-futures": "/contractAccount/wallet",
}


async def order(
    venue: LocalVenue, method: str, path: str, body: Any = None
) -> tuple[int, dict[str, Any]]:
    async with (
        aiohttp.ClientSession() as client,
        client.request(method, f"{venue.base}/control/{path}", json=body) as reply,
    ):
        assert reply.content_type == "application/json"
        return reply.status, await reply.json()


async def is_let_in(venue: LocalVenue, credentials: Credentials, name: str) -> bool:
    """Whether these open a private channel."""
    url, channel = venue.endpoints[name], CHANNELS[name]
    async with (
        asyncio.timeout(TIMEOUT),
        venuewire.connect(name, url=url, credentials=credentials) as session,
    ):
        session.want(channel)
        async for update in session:
            if isinstance(update, venuewire.Refused | venuewire.Down):
                return False
            if isinstance(update, venuewire.Subscribed) and update.channel == channel:
                return True
    return False


# At every venue.


@pytest.mark.parametrize("name", CHANNELS)
async def test_an_account_lives_until_it_is_revoked_restarts_or_not(
    name: str, tmp_path: Path
) -> None:
    state = tmp_path / "venue.db"
    async with LocalVenue(name, state=state) as venue:
        alice = await venue.add_account("alice")
        assert await is_let_in(venue, alice.credentials, name)
    async with LocalVenue(name, state=state) as venue:
        assert await is_let_in(venue, alice.credentials, name)
        assert await venue.revoke_account("alice") == 1
        assert not await is_let_in(venue, alice.credentials, name)
    async with LocalVenue(name, state=state) as venue:
        assert [one.name for one in venue.accounts()] == ["demo"]
        assert not await is_let_in(venue, alice.credentials, name)
        assert await is_let_in(venue, venue.credentials, name)


@pytest.mark.parametrize("name", CHANNELS)
async def test_a_live_session_of_a_revoked_key_hears_of_it(name: str) -> None:
    async with (
        LocalVenue(name) as venue,
        venuewire.connect(name, url=venue.url, credentials=venue.credentials) as session,
    ):
        await session.subscribe(CHANNELS[name], timeout=TIMEOUT)
        assert [one.sessions for one in venue.accounts()] == [1]
        assert await venue.revoke_account("demo") == 1
        down = await anext(u async for u in session if isinstance(u, venuewire.Down))
        assert "revoked" in down.reason or "token is invalid" in down.reason


async def test_revoking_the_demo_account_outlives_a_restart(tmp_path: Path) -> None:
    state = tmp_path / "venue.db"
    async with LocalVenue("all", state=state) as venue:
        assert await venue.revoke_account("demo", venue="kucoin") == 1
    async with LocalVenue("all", state=state) as venue:
        assert sorted(venue.all_credentials) == [
            "kraken-futures",
            "kraken-prime",
            "kraken-spot",
            "kucoin-futures",
        ]
    async with LocalVenue("kucoin", state=state) as venue:
        with pytest.raises(LocalProtocolError, match="no account that was given here is left"):
            _ = venue.credentials


# By Python.


async def test_one_key_of_several_is_revoked_by_its_name() -> None:
    async with LocalVenue(FUTURES) as venue:
        first, second = await venue.add_account("alice"), await venue.add_account("alice")
        assert await venue.revoke_account("alice", key=first.key_id) == 1
        assert await venue.revoke_account("alice", key=first.key_id) == 0
        assert [one.key for one in venue.accounts()][1:] == [second.key_id]
        assert await venue.revoke_account("alice") == 1
        assert await venue.revoke_account("alice") == 0


async def test_a_key_can_be_given_and_given_again() -> None:
    async with LocalVenue("kucoin") as venue:
        demo = venue.credentials
        with pytest.raises(LocalProtocolError, match="there is an account with this API key"):
            await venue.add_account("alice", credentials=demo)
        await venue.revoke_account("demo")
        await venue.add_account("alice", credentials=demo, permissions=["general"])
        [alice] = venue.accounts()
        assert (alice.name, alice.permissions) == ("alice", ("general",))
        assert venue.credentials == demo


async def test_a_key_without_the_permission_is_refused() -> None:
    async with LocalVenue("all") as venue:
        for name in ("kraken-spot", "kraken-futures", "kucoin"):
            alice = await venue.add_account("alice", venue=name, permissions=["trade"])
            assert not await is_let_in(venue, alice.credentials, name)


@pytest.mark.parametrize("name", ["", " alice", "a" * 65, "a\nb"])
async def test_a_name_is_a_name(name: str) -> None:
    async with LocalVenue(FUTURES) as venue:
        with pytest.raises(LocalProtocolError, match="name: 1 to 64 printable characters"):
            await venue.add_account(name)


async def test_what_an_account_cannot_be() -> None:
    async with LocalVenue("all") as venue:
        with pytest.raises(LocalProtocolError, match="there are several venues here: name one"):
            await venue.add_account("alice")
        with pytest.raises(ConfigurationError, match="'moon' is not here"):
            await venue.add_account("alice", venue="moon")
        for permissions in ([""], ["a"] * 1 + [str(n) for n in range(40)]):
            with pytest.raises(LocalProtocolError, match="permissions: up to 32 names"):
                await venue.add_account("alice", venue=FUTURES, permissions=permissions)
        for credentials, reason in (
            (Credentials("", "s"), "api_key"),
            (Credentials("k", "s" * 513), "api_secret"),
            (Credentials("k", "s", "p" * 513), "passphrase"),
            (Credentials("k", "no base64"), "account 'alice': api_secret must be base64"),
        ):
            with pytest.raises(LocalProtocolError, match=reason):
                await venue.add_account("alice", venue=FUTURES, credentials=credentials)
        assert {one.name for one in venue.accounts()} == {"demo"}


async def test_an_account_that_cannot_be_kept_is_not_let_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise NotKept("the disk is full")

    async with LocalVenue(FUTURES, state=tmp_path / "venue.db") as venue:
        with monkeypatch.context() as patch:
            patch.setattr(Store, "write", fail)
            with pytest.raises(NotKept, match="the disk is full"):
                await venue.add_account("alice")
            assert [one.name for one in venue.accounts()] == ["demo"]
            with pytest.raises(NotKept):
                await venue.publish("ticker:PI_XBTUSD", {"bid": 1})
            with pytest.raises(NotKept):
                await venue.notify("hello")
            for method, path, body in (
                ("POST", "accounts", {"name": "alice"}),
                ("POST", "notify", {"note": "hello"}),
                ("GET", "accounts", None),
            ):
                status, answer = await order(venue, method, path, body)
                assert (status, answer["error"]["message"]) == (500, "the disk is full")
        assert (await order(venue, "GET", "accounts"))[0] == 200


# What was said.


async def test_a_notification_lives_until_it_is_withdrawn_restarts_or_not(tmp_path: Path) -> None:
    state = tmp_path / "venue.db"
    async with LocalVenue(FUTURES, state=state) as venue:
        assert await venue.notify("one", type="maintenance", priority="high", effective_time=7) == 1
        assert await venue.notify("two") == 2
        assert await venue.withdraw(2)
        assert not await venue.withdraw(2)
    async with LocalVenue(FUTURES, state=state) as venue:
        [noted] = venue.notifications()
        assert (noted.id, noted.note, noted.type, noted.priority) == (
            1,
            "one",
            "maintenance",
            "high",
        )
        assert noted.effective_time == 7
        assert await venue.notify("three") == 3


@pytest.mark.parametrize(
    ("name", "channel", "payload", "field"),
    [
        ("kraken-futures", "ticker:PI_XBTUSD", {"bid": 1.5}, ("bid",)),
        ("kraken-spot", "ticker:BTC/USD", {"bid": 1.5}, ("data", 0, "bid")),
        ("kraken-prime", "Security:BTC-USD", {"Symbol": "BTC-USD", "a": 1.5}, (0, "a")),
    ],
)
async def test_a_new_subscriber_is_shown_what_was_published_before_a_restart(
    name: str, channel: str, payload: Any, field: tuple[Any, ...], tmp_path: Path
) -> None:
    state = tmp_path / "venue.db"
    async with LocalVenue(name, state=state) as venue:
        await venue.publish(channel, payload)
    async with (
        LocalVenue(name, state=state) as venue,
        venuewire.connect(name, url=venue.url) as session,
    ):
        await session.subscribe(channel)
        message = await anext(u async for u in session if isinstance(u, venuewire.Message))
        shown = msgspec.json.decode(message.raw)
        for step in field:
            shown = shown[step]
        assert shown == 1.5


# By HTTP.


async def test_accounts_over_http(tmp_path: Path) -> None:
    async with LocalVenue("kucoin", "kraken-spot", state=tmp_path / "venue.db") as venue:
        body = {"name": "al/ice", "venue": "kucoin", "permissions": ["general"]}
        status, made = await order(venue, "POST", "accounts", body)
        assert status == 200
        account, credentials = made["account"], made["credentials"]
        assert account == {
            "venue": "kucoin",
            "name": "al/ice",
            "key": account["key"],
            "permissions": ["general"],
            "sessions": 0,
        }
        assert list(credentials) == ["api_key", "api_secret", "passphrase"]
        assert await is_let_in(venue, Credentials(**credentials), "kucoin")
        listed = (await order(venue, "GET", "accounts"))[1]["accounts"]
        assert [one["name"] for one in listed] == ["demo", "al/ice", "demo"]
        assert not [s for s in credentials.values() if s in msgspec.json.encode(listed).decode()]
        query = f"accounts?venue=kucoin&name=al%2Fice&key={account['key']}"
        assert await order(venue, "DELETE", query) == (200, {"revoked": 1})
        status, answer = await order(venue, "DELETE", query)
        assert (status, answer["error"]["code"]) == (404, "unknown_account")


async def test_given_credentials_are_not_told_back() -> None:
    async with LocalVenue("kraken-prime") as venue:
        given = {"api_key": "k", "api_secret": "s"}
        status, made = await order(
            venue, "POST", "accounts", {"name": "alice", "credentials": given}
        )
        assert (status, list(made)) == (200, ["account"])
        assert await is_let_in(venue, Credentials("k", "s"), "kraken-prime")


async def test_notifications_over_http() -> None:
    async with LocalVenue("all") as venue:
        assert await order(venue, "POST", "notify", {"note": "hello"}) == (200, {"id": 1})
        status, answer = await order(venue, "GET", "notifications")
        [noted] = answer["notifications"]
        assert (status, noted["id"], noted["note"]) == (200, 1, "hello")
        assert await order(venue, "DELETE", "notifications?id=1") == (200, {"withdrawn": 1})
        status, answer = await order(venue, "DELETE", "notifications?id=1")
        assert (status, answer["error"]["code"]) == (404, "unknown_notification")
        assert await order(venue, "GET", "notifications") == (200, {"notifications": []})


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "accounts", {"venue": FUTURES}, 400),
        ("POST", "accounts", {"name": "a", "shade": 1}, 400),
        ("POST", "accounts", {"name": "a", "credentials": {"api_key": "canary"}}, 400),
        ("POST", "accounts", {"name": "a"}, 422),
        ("POST", "accounts", {"name": "a", "venue": "moon"}, 404),
        ("POST", "accounts", {"name": "", "venue": FUTURES}, 422),
        ("DELETE", "accounts?venue=kucoin", None, 400),
        ("DELETE", "accounts?name=demo", None, 422),
        ("DELETE", "accounts?name=nobody&venue=kucoin", None, 404),
        ("DELETE", "accounts?name=demo&venue=kucoin&key=nothing", None, 404),
        ("DELETE", "notifications?id=1&venue=moon", None, 404),
        ("DELETE", "notifications?id=x", None, 400),
        ("PUT", "accounts", {}, 405),
    ],
)
async def test_orders_that_make_no_sense(method: str, path: str, body: Any, status: int) -> None:
    async with LocalVenue("all") as venue:
        said, answer = await order(venue, method, path, body)
        assert said == status
        assert answer["error"]["message"]
        assert "canary" not in str(answer)
        assert {one.name for one in venue.accounts()} == {"demo"}


async def test_the_journal_tells_who_came_and_went_and_no_key() -> None:
    async with LocalVenue(FUTURES) as venue:
        alice = await venue.add_account("alice")
        await venue.notify("hello")
        await venue.withdraw(1)
        await venue.revoke_account("alice")
        told = [(each.what, each.account, each.key, each.id) for each in venue.journal()]
        assert told == [
            ("account_added", "alice", alice.key_id, None),
            ("notified", "", "", 1),
            ("withdrawn", "", "", 1),
            ("account_revoked", "alice", alice.key_id, None),
        ]
        assert alice.credentials.api_key not in str(venue.journal())


# What must never be seen.


async def test_no_secret_is_logged_or_kept_where_it_need_not_be(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    state = tmp_path / "venue.db"
    async with LocalVenue("kucoin", state=state) as venue:
        alice = await venue.add_account("alice")
        assert await is_let_in(venue, alice.credentials, "kucoin")
        shown = f"{alice!r} {venue!r} {venue.accounts()!r}"
    secrets = (alice.credentials.api_secret, alice.credentials.passphrase)
    assert not [secret for secret in secrets if secret in caplog.text + shown]
    kept = b"".join(each.read_bytes() for each in tmp_path.iterdir())  # noqa: ASYNC240
    assert alice.credentials.passphrase.encode() not in kept


# When it does not begin.


async def test_a_file_that_cannot_be_had_keeps_the_venue_from_starting(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="Is a directory"):
        await LocalVenue(FUTURES, state=tmp_path).start()


async def test_an_address_that_cannot_be_had_lets_go_of_the_file(tmp_path: Path) -> None:
    state = tmp_path / "venue.db"
    async with LocalVenue(FUTURES) as other:
        address = other.base.removeprefix("http://")
        with pytest.raises(ConfigurationError, match="cannot listen"):
            await LocalVenue(FUTURES, state=state, listen=address).start()
    async with LocalVenue(FUTURES, state=state):
        pass


async def test_a_venue_that_keeps_nothing_lives_with_a_state_file(tmp_path: Path) -> None:
    """Its accounts are kept all the same."""
    state = tmp_path / "venue.db"
    account = Account("me", Credentials("k", "s"))
    async with LocalVenue(TOY, accounts=[account], state=state) as venue:
        await venue.publish("news", {"a": 1})
        await venue.add_account("alice")
    async with (
        LocalVenue(TOY, accounts=[account], state=state) as venue,
        websockets.connect(venue.url) as link,
    ):
        await link.send('{"op":"ping","id":1}')
        assert await link.recv() == '{"op":"pong","id":1}'
        assert [one.name for one in venue.accounts()] == ["me", "alice"]


async def test_what_the_documentation_shows_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    [shown] = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    names = {"LocalVenue": LocalVenue, "venuewire": venuewire}
    exec(f"async def shown():\n{textwrap.indent(shown, '    ')}", names)  # noqa: S102 - ours
    await names["shown"]()  # type: ignore[operator]
    assert (tmp_path / "venue.db").is_file()
