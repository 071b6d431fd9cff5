"""Mutants of the dialect of Kraken Prime, on both sides."""

from typing import Final

from mutation.mutant import Mutant

MUTANTS: Final = (
    Mutant(
        name="Ping data is echoed in a form of our own",
        file="venues/kraken_prime/server.py",
        old="(reqid, self._stamp(now.realtime), data)",
        new='(reqid, self._stamp(now.realtime), data.replace(b" ", b""))',
        breaks='"Any objects included in `data` are echoed back unchanged"',
        tests=("venues/kraken_prime/test_ping.py",),
    ),
    Mutant(
        name="an error of a live reqid is not counted",
        file="venues/kraken_prime/server.py",
        old="seq = 1 if subscription is None else subscription.number()",
        new="seq = 1",
        breaks=(
            "Kraken Prime server, law 4: messages and errors of a subscription share one count"
        ),
        tests=("venues/kraken_prime/test_ping.py",),
    ),
    Mutant(
        name="errors have no seq",
        file="venues/kraken_prime/wire.py",
        old='"type":"error","seq":%d,"ts"',
        new='"type":"error","seqNum":%d,"ts"',
        breaks='"Error responses use `seq` (not `seqNum`)"',
        tests=("golden/test_kraken_prime.py",),
    ),
    Mutant(
        name="reqid 0 is good",
        file="venues/kraken_prime/server.py",
        old='elif not reqid.isdigit() or reqid == b"0":',
        new="elif not reqid.isdigit():",
        breaks="`reqid` is a number above 0",
        tests=("venues/kraken_prime/test_ping.py",),
    ),
    Mutant(
        name="an empty Ping is answered",
        file="venues/kraken_prime/server.py",
        old=("    if not objects:\n        return wire.MISSING_PING_DATA\n"),
        new="",
        breaks='"Requests that omit `data`, or send `"data": []`, are rejected"',
        tests=("golden/test_kraken_prime.py",),
    ),
    Mutant(
        name="what was canceled is still heard",
        file="venues/kraken_prime/server.py",
        old=(
            "        self._held -= len(subscription.channels)\n"
            "        self._floor.dismiss(subscription)"
        ),
        new="        self._held -= len(subscription.channels)",
        breaks="Kraken Prime server, law 3: a subscription is canceled",
        tests=("venues/kraken_prime/test_admission.py",),
    ),
    Mutant(
        name="what was canceled still counts",
        file="venues/kraken_prime/server.py",
        old="        self._held -= len(subscription.channels)\n",
        new="",
        breaks="`max_subscriptions`: channels one session may hold",
        tests=("venues/kraken_prime/test_subscriptions.py",),
    ),
    Mutant(
        name="a live reqid names two subscriptions",
        file="venues/kraken_prime/server.py",
        old=("        if reqid in self._live:\n            return wire.LIVE_REQID\n"),
        new="",
        breaks="a subscription is named by its `reqid`",
        tests=("venues/kraken_prime/test_subscriptions.py",),
    ),
    Mutant(
        name="one subscription too few",
        file="venues/kraken_prime/server.py",
        old="if self._held + len(streams) > self._terms.max_subscriptions:",
        new="if self._held + len(streams) >= self._terms.max_subscriptions:",
        breaks="`max_subscriptions`: as many, and no more",
        tests=("venues/kraken_prime/test_subscriptions.py",),
    ),
    Mutant(
        name="private streams without authentication",
        file="venues/kraken_prime/server.py",
        old="if self.account is None and not all(wire.is_public",
        new='if self.account == "" and not all(wire.is_public',
        breaks="private streams need authentication",
        tests=("venues/kraken_prime/test_admission.py",),
    ),
    Mutant(
        name="messages are counted from 0",
        file="venues/kraken_prime/server.py",
        old=("        self.count += 1\n        return self.count"),
        new=("        self.count += 1\n        return self.count - 1"),
        breaks="Kraken Prime server, law 4: one count from 1",
        tests=("venues/kraken_prime/test_both_ends.py",),
    ),
    Mutant(
        name="a lost session is still heard of",
        file="venues/kraken_prime/server.py",
        old=("            self._floor.dismiss(subscription)\n        self._live.clear()"),
        new=("            del subscription\n        self._live.clear()"),
        breaks="whoever leaves the floor is subscribed to nothing",
        tests=("venues/kraken_prime/test_admission.py",),
    ),
    Mutant(
        name="ApiSign is not compared",
        file="venues/kraken_prime/floor.py",
        old="if not signing.matches(signature, secret, timestamp, hosts, paths):",
        new="if not signature:",
        breaks=(
            "Kraken Prime floor, law 1: identity is proven by the headers of the "
            "upgrade, or not at all"
        ),
        tests=("venues/kraken_prime/test_admission.py",),
    ),
    Mutant(
        name="ApiTimestamp of the future is good",
        file="venues/kraken_prime/floor.py",
        old="abs(now.realtime - moment)",
        new="now.realtime - moment",
        breaks="`timestamp_window`: seconds off, either way",
        tests=("venues/kraken_prime/test_admission.py",),
    ),
    Mutant(
        name="one account hears another's news",
        file="venues/kraken_prime/floor.py",
        old="if publication.account is None or hearer.account == publication.account",
        new="if publication.account is None or hearer.account",
        breaks="what is for one account is heard by that account",
        tests=("venues/kraken_prime/test_publishing.py",),
    ),
    Mutant(
        name="a stream without Symbol hears nothing of symbols",
        file="venues/kraken_prime/floor.py",
        old=", **self._hearers.get(name, {})}",
        new="}",
        breaks=("Kraken Prime floor, law 3: a subscription without a `Symbol` hears all symbols"),
        tests=("venues/kraken_prime/test_publishing.py",),
    ),
    Mutant(
        name="first data is no answer",
        file="venues/kraken_prime/client.py",
        old="return FirstMessage(frame.reqid, message) if frame.initial else message",
        new="return message",
        breaks=(
            "Kraken Prime client, law 2: the first data of a subscription is its acknowledgment"
        ),
        tests=("venues/kraken_prime/test_both_ends.py",),
    ),
    Mutant(
        name="reqids outlive their link",
        file="venues/kraken_prime/client.py",
        old=("        self._channels.clear()\n        self._reqids.clear()\n"),
        new="",
        breaks="a `reqid` belongs to a link",
        tests=("venues/kraken_prime/test_client.py",),
    ),
    Mutant(
        name="cancel names a reqid of its own",
        file="venues/kraken_prime/client.py",
        old="reqid = self._reqids.pop(topic.channel, id)",
        new="self._reqids.pop(topic.channel, id)",
        breaks=("Kraken Prime client, law 1: a subscription is named by the reqid it began with"),
        tests=("venues/kraken_prime/test_both_ends.py",),
    ),
    Mutant(
        name="seq is not read",
        file="venues/kraken_prime/client.py",
        old="sequence=frame.seq if frame.seqNum is None else frame.seqNum",
        new="sequence=frame.seqNum",
        breaks="Kraken Prime client, law 3: `seqNum` or `seq` is taken as it comes",
        tests=("venues/kraken_prime/test_client.py",),
    ),
    Mutant(
        name="only one base64 alphabet is read",
        file="venues/kraken_prime/signing.py",
        old="given = signature.translate(_TO_STANDARD).encode",
        new="given = signature.encode",
        breaks="both base64 alphabets are accepted",
        tests=("golden/test_kraken_prime.py",),
    ),
    Mutant(
        name="a local path is signed",
        file="venues/kraken_prime/signing.py",
        old='return VENUE_PATH if path == LOCAL_PATH else path or "/"',
        new='return path or "/"',
        breaks="a local venue stands in for the venue's own path",
        tests=("venues/kraken_prime/test_client.py",),
    ),
    Mutant(
        name="the signed text ends with a newline",
        file="venues/kraken_prime/signing.py",
        old='{host}\\n{path}".encode',
        new='{host}\\n{path}\\n".encode',
        breaks="Kraken Prime signing, law 1: without a last newline",
        tests=("venues/kraken_prime/test_admission.py",),
    ),
)
