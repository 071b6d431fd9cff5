"""Two workers are one venue: whatever is said, asked or fetched anywhere holds everywhere."""

import asyncio
import re
from itertools import count
from typing import Any

import aiohttp

from integration.server.test_metrics import NAMED
from integration.workers.company import FUTURES, SPOT, Company, answers, hears_fills, say, told
from raw_peer import RawPeer, upgrade
from venues.kraken_spot.local import signed
from venuewire.core.secrets import Credentials

TICKER = "/market/ticker:BTC-USDT"
_nonces = count(1)


async def test_connections_are_shared_evenly(two: Company) -> None:
    before = await two.connections()
    async with two.entered(SPOT, 50):
        now = await two.connections()
        assert {now[worker] - before[worker] for worker in now} <= {24, 25, 26}
        assert len(now) == 2


async def test_all_metrics_that_are_documented_are_there(two: Company) -> None:
    async with two.entered(SPOT, 4):
        await two.order("GET", "tally")
        async with (
            aiohttp.ClientSession() as client,
            client.get(f"{two.base}/metrics") as reply,
        ):
            text = await reply.text()
    told = set(re.findall(r"^# TYPE (venuewire_\w+) ", text, re.MULTILINE))
    assert told == NAMED
    assert "venuewire_workers 2.0" in text
    assert 'venuewire_session_phases{phase="open",venue="kraken-spot"} 4.0' in text
    assert 'venuewire_sessions{venue="kraken-spot"} 4.0' in text


async def token_of(two: Company) -> str:
    _, answer = await two.ask("POST", "/kucoin/api/v1/bullet-public")
    token: str = answer["data"]["token"]
    return token


async def test_a_token_is_good_wherever_it_is_shown(two: Company) -> None:
    tokens = [await token_of(two) for _ in range(2)]
    for token in tokens * 2:
        async with await RawPeer.upgraded(two.base, f"/kucoin/?token={token}") as peer:
            assert (await told(peer))["type"] == "welcome"


async def spot_token(two: Company, nonce: int) -> Any:
    account = two.credentials["kraken-spot"]
    request = signed(Credentials(**account), str(nonce))
    headers = {**request.headers, "content-type": "application/x-www-form-urlencoded"}
    async with (
        aiohttp.ClientSession() as client,
        client.post(two.base + request.url, data=request.body, headers=headers) as reply,
    ):
        return await reply.json()


async def test_a_nonce_is_good_once_wherever_it_is_shown(two: Company) -> None:
    nonce = next(_nonces)
    assert (await spot_token(two, nonce))["error"] == []
    for _ in range(4):
        assert (await spot_token(two, nonce))["error"] == ["EAPI:Invalid nonce"]


async def private(two: Company, token: str) -> RawPeer:
    peer = await RawPeer.upgraded(two.base, "/kraken-spot-auth/v2")
    params = {"channel": "balances", "token": token}
    say(peer, {"method": "subscribe", "params": params, "req_id": 1})
    return peer


async def test_a_token_in_use_stays_good_at_every_worker(two: Company) -> None:
    """Its first 15 minutes are over everywhere, and it has been used at one."""
    token = (await spot_token(two, next(_nonces)))["result"]["token"]
    unused = (await spot_token(two, next(_nonces)))["result"]["token"]
    first = await private(two, token)
    assert (await told(first, lambda told: told.get("req_id") == 1))["success"] is True
    await two.order("POST", "clock", {"seconds": 901, "venue": "kraken-spot"})
    for shown, success in [(token, True), (token, True), (unused, False), (unused, False)]:
        peer = await private(two, shown)
        answer = await told(peer, lambda told: told.get("req_id") == 1)
        assert answer["success"] is success, answer
        await peer.aclose()
    await first.aclose()


async def test_a_publication_reaches_the_subscribers_of_all(two: Company) -> None:
    async with two.entered(FUTURES, 4) as peers:
        for peer in peers:
            say(peer, {"event": "subscribe", "feed": "trade", "product_ids": ["PI_XBTUSD"]})
            snapshot = await told(peer, lambda told: told.get("feed") == "trade_snapshot")
            assert snapshot["trades"] == []
        for number in (1, 2, 3):
            order = {"venue": "kraken-futures", "channel": "trade:PI_XBTUSD", "payload": {"qty": 9}}
            assert await two.order("POST", "publish", order) == {"heard": 4}
            heard = [await told(peer, lambda told: told.get("feed") == "trade") for peer in peers]
            assert [message["seq"] for message in heard] == [number] * 4
        events = (await two.order("GET", "journal?limit=1000"))["events"]
        assert [e["heard"] for e in events if e["what"] == "published"][-3:] == [4, 4, 4]
        async with two.entered(FUTURES, 2) as late:
            for peer in late:
                say(peer, {"event": "subscribe", "feed": "trade", "product_ids": ["PI_XBTUSD"]})
                snapshot = await told(peer, lambda told: told.get("feed") == "trade_snapshot")
                assert [trade["seq"] for trade in snapshot["trades"]] == [3, 2, 1]


async def test_sessions_are_those_of_all_workers_each_with_a_number_of_its_own(
    two: Company,
) -> None:
    async with two.entered("/kraken-prime/ws/v1", 6) as peers:
        page = await two.order("GET", "sessions?venue=kraken-prime&limit=4")
        assert page["total"] == 6
        numbers = [session["number"] for session in page["sessions"]]
        rest = await two.order("GET", f"sessions?venue=kraken-prime&after={numbers[-1]}")
        numbers += [session["number"] for session in rest["sessions"]]
        assert numbers == sorted(set(numbers))
        assert len(numbers) == 6
        async with await RawPeer.upgraded(two.base, SPOT):
            _, answer = await two.ask("GET", "/control/sessions?after=1")
            assert answer["error"]["code"] == "impossible"
        aged = {"seconds": 77, "session": numbers[3], "venue": "kraken-prime"}
        assert await two.order("POST", "age", aged) == {"sessions": 1}
        ages = [
            session["age"]
            for session in (await two.order("GET", "sessions?venue=kraken-prime"))["sessions"]
        ]
        assert [age >= 77 for age in ages] == [number == numbers[3] for number in numbers]
        cut = {"venue": "kraken-prime", "session": numbers[2], "code": 4000}
        assert await two.order("POST", "cut", cut) == {"sessions": 1}
        status, answer = await two.ask("POST", "/control/cut", {**cut, "session": 999})
        assert (status, answer["error"]["code"]) == (404, "unknown_session")
        await two.order("POST", "cut", {"venue": "kraken-prime"})
        codes = [await peer.closed() for peer in peers]
        assert codes[2] == 4000
        assert codes.count(4000) == 1


async def test_a_new_account_is_let_in_and_a_revoked_one_put_out_everywhere(two: Company) -> None:
    made = await two.order("POST", "accounts", {"name": "alice", "venue": "kraken-futures"})
    key = made["credentials"]["api_key"]
    async with two.entered(FUTURES, 4) as peers:
        for peer in peers:
            assert await hears_fills(peer, key, made["credentials"]["api_secret"])
        listed = (await two.order("GET", "accounts?venue=kraken-futures"))["accounts"]
        assert {one["name"]: one["sessions"] for one in listed} == {"demo": 0, "alice": 4}
        said = {"venue": "kraken-futures", "channel": "fills", "payload": {"fills": []}}
        assert await two.order("POST", "publish", {**said, "account": "alice"}) == {"heard": 4}
        gone = await two.order("DELETE", "accounts?name=alice&venue=kraken-futures")
        assert gone == {"revoked": 1}
        assert [await peer.closed() for peer in peers] == [1008] * 4
    told = [event["what"] for event in (await two.order("GET", "journal?limit=1000"))["events"]]
    assert (told.count("account_added"), told.count("account_revoked")) == (1, 1)


async def test_a_fault_begins_and_ends_everywhere(two: Company) -> None:
    async with two.entered(SPOT, 4) as peers:
        fault = await two.order("POST", "faults", {"fault": "mute-pongs", "venue": "kraken-spot"})
        for peer in peers:
            say(peer, {"method": "ping", "req_id": 1})
        assert await two.order("DELETE", f"faults?id={fault['id']}") == {"cleared": 1}
        for peer in peers:
            say(peer, {"method": "ping", "req_id": 2})
            pong = await told(peer, lambda told: told.get("method") == "pong")
            assert pong["req_id"] == 2


async def test_a_fault_at_a_door_counts_whoever_comes(two: Company) -> None:
    fault = {"fault": "http-503:times=3", "venue": "kraken-spot"}
    number = (await two.order("POST", "faults", fault))["id"]
    statuses = []
    for _ in range(5):
        async with await RawPeer.connect(two.base) as peer:
            peer.send(upgrade(SPOT))
            statuses.append((await peer.reply_head())[0])
    assert statuses == [503, 503, 503, 101, 101]
    await two.order("DELETE", f"faults?id={number}")


async def test_time_passes_everywhere(two: Company) -> None:
    token = await token_of(two)
    async with two.entered(f"/kucoin/?token={token}", 4) as peers:
        older = await two.order("POST", "clock", {"seconds": 86_400, "venue": "kucoin"})
        assert older == {"sessions": 4}
        assert None not in [await peer.closed() for peer in peers]
    for _ in range(2):
        async with await RawPeer.upgraded(two.base, f"/kucoin/?token={token}") as peer:
            assert (await told(peer))["data"] == "token is expired"


async def test_what_is_counted_is_counted_once(two: Company) -> None:
    before = await two.order("GET", "tally")
    async with two.entered(SPOT, 4) as peers, two.entered("/kucoin/?token=forged", 2):
        after = await two.order("GET", "tally")
        assert after["admitted"] - before["admitted"] == 4
        assert after["refused"] - before["refused"] == 2
        state = await two.order("GET", "state")
        [spot] = [each for each in state["venues"] if each["venue"] == "kraken-spot"]
        assert spot["sessions"] == 4
        assert all([await answers(peer) for peer in peers])


async def test_a_keep_alive_connection_may_fetch_and_then_upgrade(two: Company) -> None:
    async with await RawPeer.connect(two.base) as peer:
        peer.send(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        assert (await peer.reply())[0] == 200
        peer.send(b"POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
        assert (await peer.reply())[0] == 404
        peer.send(upgrade(SPOT))
        assert (await peer.reply_head())[0] == 101
        assert (await told(peer))["channel"] == "status"


async def test_many_come_at_once(two: Company) -> None:
    async def come() -> bool:
        async with await RawPeer.upgraded(two.base, SPOT) as peer:
            return await answers(peer)

    assert all(await asyncio.gather(*(come() for _ in range(200))))
