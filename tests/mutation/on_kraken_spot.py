"""Mutants of the dialect of Kraken Spot, on both sides."""

from typing import Final

from mutation.mutant import Mutant

MUTANTS: Final = (
    Mutant(
        name="heartbeats before any subscription",
        file="venues/kraken_spot/server.py",
        old="        self._floor.engaged[session] = self\n",
        new=(
            "        self._floor.engaged[session] = self\n"
            "        session.beat_from(now.monotonic + 1.0)\n"
        ),
        breaks="Kraken Spot server, law 3: heartbeats begin with the first subscription",
        tests=("venues/kraken_spot/test_heartbeats.py",),
    ),
    Mutant(
        name="time_out is time_in",
        file="venues/kraken_spot/pongs.py",
        old="sent = self._wall()",
        new="sent = received",
        breaks="`time_out` is when the answer leaves, not when the ping came",
        tests=("golden/test_kraken_spot.py",),
    ),
    Mutant(
        name="a pong has no req_id",
        file="venues/kraken_spot/pongs.py",
        old="return _NAMELESS % self._times if req_id is UNSET else",
        new="return _NAMELESS % self._times if req_id is not None else",
        breaks="Kraken Spot pongs, law 1: a pong carries the client's `req_id`",
        tests=("golden/test_kraken_spot.py",),
    ),
    Mutant(
        name="a pong of the last millisecond",
        file="venues/kraken_spot/pongs.py",
        old="and 0 <= left < _MILLISECOND:",
        new="and left < _MILLISECOND:",
        breaks=(
            "Kraken Spot pongs, law 2: what falls on two sides of a millisecond is put "
            "together from two stamps"
        ),
        tests=("venues/kraken_spot/test_ping.py",),
    ),
    Mutant(
        name="heartbeats after the last unsubscribed",
        file="venues/kraken_spot/desk.py",
        old=("        if not subscribers.count(session):\n            session.beat_at = None\n"),
        new="",
        breaks="Kraken Spot server, law 3: heartbeats end with the last subscription",
        tests=("venues/kraken_spot/test_heartbeats.py",),
    ),
    Mutant(
        name="the editions' heartbeats are exchanged",
        file="venues/kraken_spot/server.py",
        old="if not self._floor.terms.beats_steadily:",
        new="if self._floor.terms.beats_steadily:",
        breaks='"in the absence of" other channel messages',
        tests=("venues/kraken_spot/test_heartbeats.py",),
    ),
    Mutant(
        name="a failure to unsubscribe says unsubscribe",
        file="venues/kraken_spot/desk.py",
        old='method="subscribe", success=False, error=error, **said)',
        new="method=request.method, success=False, error=error, **said)",
        breaks=(
            "Kraken Spot desk, law 5: a failure to unsubscribe is told with method `subscribe`"
        ),
        tests=("venues/kraken_spot/test_private.py",),
    ),
    Mutant(
        name="private channels at the public host",
        file="venues/kraken_spot/desk.py",
        old="if channel.private and not self._private:",
        new="if channel.private and not self._private and not params.token:",
        breaks="Kraken Spot desk, law 3: private channels are at ws-auth",
        tests=("venues/kraken_spot/test_subscribing.py",),
    ),
    Mutant(
        name="public channels at the private host",
        file="venues/kraken_spot/desk.py",
        old=(
            "        if self._private and not channel.private:\n"
            "            return Refusal(refusals.PUBLIC_ELSEWHERE)\n"
        ),
        new="",
        breaks="Kraken Spot desk, law 3: public channels are at ws",
        tests=("venues/kraken_spot/test_subscribing.py",),
    ),
    Mutant(
        name="one symbol too few in a request",
        file="venues/kraken_spot/desk.py",
        old="if len(params.symbol) > self._floor.terms.max_symbols_per_request:",
        new="if len(params.symbol) >= self._floor.terms.max_symbols_per_request:",
        breaks="`max_symbols_per_request`: as many, and no more",
        tests=("venues/kraken_spot/test_limits.py",),
    ),
    Mutant(
        name="one subscription too few",
        file="venues/kraken_spot/desk.py",
        old="if subscribers.count(session) > session.terms.max_subscriptions:",
        new="if subscribers.count(session) >= session.terms.max_subscriptions:",
        breaks="`max_subscriptions`: channels one session may hold",
        tests=("venues/kraken_spot/test_subscribing.py",),
    ),
    Mutant(
        name="a comma list has one reply",
        file="venues/kraken_spot/desk.py",
        old="                self._confirm(request, order, subject, now)\n",
        new=(
            "                self._confirm(request, order, subject, now)\n                return\n"
        ),
        breaks="Kraken Spot desk, law 1: one reply per symbol",
        tests=("venues/kraken_spot/test_both_ends.py",),
    ),
    Mutant(
        name="a used token grows old",
        file="venues/kraken_spot/tokens.py",
        old=("        if body in self._in_use:\n            return True\n"),
        new="",
        breaks="Kraken Spot tokens, law 1: once used, it stays good",
        tests=("venues/kraken_spot/test_private.py",),
    ),
    Mutant(
        name="a token has no age",
        file="venues/kraken_spot/tokens.py",
        old=("        if now.realtime - issued > self._lifetime:\n            return False\n"),
        new="",
        breaks='"The token should be used within 15 minutes of creation"',
        tests=("venues/kraken_spot/test_private.py",),
    ),
    Mutant(
        name="a token's seal is not compared",
        file="venues/kraken_spot/tokens.py",
        old="if owner is None or not hmac.compare_digest(seal, _seal(owner[1], body)):",
        new="if owner is None or not seal:",
        breaks="Kraken Spot tokens, law 2: a token is sealed with its account's secret",
        tests=("venues/kraken_spot/test_private.py",),
    ),
    Mutant(
        name="tokens in use pile up",
        file="venues/kraken_spot/tokens.py",
        old="if len(self._in_use) > self._limit:",
        new="if len(self._in_use) > self._limit * 1000:",
        breaks="Kraken Spot tokens, law 3: those in use are remembered, up to a limit",
        tests=("venues/kraken_spot/test_private.py",),
    ),
    Mutant(
        name="a nonce is used twice",
        file="venues/kraken_spot/floor.py",
        old="< number < 2**64:",
        new="<= number < 2**64:",
        breaks="Kraken Spot floor, law 3: a nonce is used once per key",
        tests=("venues/kraken_spot/test_private.py",),
    ),
    Mutant(
        name="API-Sign is not compared",
        file="venues/kraken_spot/floor.py",
        old=("if not verify(self._secrets[key], TOKEN_PATH, nonce, request.body, signature):"),
        new="if not signature:",
        breaks='"EAPI:Invalid signature"',
        tests=("venues/kraken_spot/test_private.py",),
    ),
    Mutant(
        name="a token outlives its key",
        file="venues/kraken_spot/tokens.py",
        old="        self._owners.pop(owner, None)\n",
        new="",
        breaks="no token of a revoked key is good any more",
        tests=("venues/kraken_spot/test_keys.py",),
    ),
    Mutant(
        name="a key needs no permission",
        file="venues/kraken_spot/floor.py",
        old=("return None if PERMISSION in account.permissions else refusals.PERMISSION_DENIED"),
        new="return None",
        breaks='a key needs "Access WebSockets API"',
        tests=("venues/kraken_spot/test_private.py",),
    ),
    Mutant(
        name="nonsense ends the session",
        file="venues/kraken_spot/server.py",
        old=(
            "        except (ValueError, RecursionError):\n"
            "            self.reply_malformed(now)\n"
            "            return\n"
            "        match"
        ),
        new=(
            "        except (ValueError, RecursionError):\n"
            "            self.session.close(1003)\n"
            "            return\n"
            "        match"
        ),
        breaks="Kraken Spot server, law 2: no answer to nonsense ends the session",
        tests=("venues/kraken_spot/test_malformed.py",),
    ),
    Mutant(
        name="giving a private channel up shows no token",
        file="venues/kraken_spot/client.py",
        old=('        if self._private:\n            params["token"]'),
        new=('        if self._private and method == "subscribe":\n            params["token"]'),
        breaks="Kraken Spot client, law 1: a private session shows its token in each request",
        tests=("venues/kraken_spot/test_client.py",),
    ),
    Mutant(
        name="an interval is not given up",
        file="venues/kraken_spot/client.py",
        old="for name, value in topics[0].options if name == variant}",
        new="for name, value in topics[0].options if name == name * 2}",
        breaks="what has a variant is given up by its variant",
        tests=("venues/kraken_spot/test_both_ends.py",),
    ),
    Mutant(
        name="one spelling of error is read",
        file="venues/kraken_spot/client.py",
        old='frame.error or frame.Error or "no reason given"',
        new='frame.error or "no reason given"',
        breaks="Kraken Spot client, law 4: both spellings of `error` are read",
        tests=("venues/kraken_spot/test_client_hearing.py",),
    ),
    Mutant(
        name="silence counts before a subscription",
        file="venues/kraken_spot/client.py",
        old="silence_while_subscribed=True",
        new="silence_while_subscribed=False",
        breaks="suspect after 3 s without any frame while subscribed",
        tests=("venues/kraken_spot/test_both_ends.py",),
    ),
    Mutant(
        name="a token is fetched once",
        file="venues/kraken_spot/client.py",
        old="            self._token = _token(grant)\n",
        new='            self._token = vars(self).setdefault("kept", _token(grant))\n',
        breaks=("Kraken Spot client, law 1: a private session fetches a fresh token for each dial"),
        tests=("venues/kraken_spot/test_client.py",),
    ),
    Mutant(
        name="a message has no time",
        file="venues/kraken_spot/client.py",
        old="kind=message.type, received=now.realtime)",
        new="kind=message.type, received=0.0)",
        breaks="`received` is when the frame was read",
        tests=("venues/kraken_spot/test_client_hearing.py",),
    ),
)
