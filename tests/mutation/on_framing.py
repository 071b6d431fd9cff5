"""Mutants of what lies between sockets and sessions, on both sides."""

from typing import Final

from mutation.mutant import Mutant

MUTANTS: Final = (
    Mutant(
        name="fragments are not added up",
        file="transport/framing.py",
        old="if len(self._gathered) + len(payload) > self.limit:",
        new="if len(payload) > self.limit:",
        breaks="a WebSocket message, all its fragments added up, has a limit",
        tests=("unit/transport/test_framing.py",),
    ),
    Mutant(
        name="a message of the limit is too long",
        file="transport/framing.py",
        old="if len(self._gathered) + len(payload) > self.limit:",
        new="if len(self._gathered) + len(payload) >= self.limit:",
        breaks="`limit`: bytes of a whole message; as many, and no more",
        tests=("unit/transport/test_framing.py",),
    ),
    Mutant(
        name="messages are added up",
        file="transport/framing.py",
        old="        self._gathered = bytearray()\n        return",
        new="        return",
        breaks="`limit`: bytes of one message",
        tests=("unit/transport/test_framing.py",),
    ),
    Mutant(
        name="UTF-8 is not checked",
        file="transport/framing.py",
        old=(
            'return message if _is_text(message) else Breach(1007, "a text message must be UTF-8")'
        ),
        new="return message",
        breaks="RFC 6455, section 8.1: text that is not UTF-8 fails the connection",
        tests=("unit/transport/test_framing.py",),
    ),
    Mutant(
        name="reserved bits are ignored",
        file="transport/framing.py",
        old=(
            "        if reserved:\n"
            '            return Breach(1002, "reserved bits are set, and no '
            'extension was agreed on")\n'
        ),
        new="",
        breaks=("RFC 6455, section 5.2: reserved bits that were not agreed on fail the connection"),
        tests=("unit/transport/test_framing.py",),
    ),
    Mutant(
        name="a message inside another",
        file="transport/framing.py",
        old="if (kind == TEXT) is self.pending:",
        new="if kind == CONTINUATION and not self.pending:",
        breaks="RFC 6455, section 5.4: fragments of messages are not interleaved",
        tests=("unit/transport/test_framing.py",),
    ),
    Mutant(
        name="the length's bytes are reversed",
        file="transport/framing.py",
        old='b"\\x81\\x7e" + size.to_bytes(2, "big")',
        new='b"\\x81\\x7e" + size.to_bytes(2, "little")',
        breaks="RFC 6455, section 5.2: multibyte lengths are in network byte order",
        tests=("unit/transport/test_framing.py",),
    ),
    Mutant(
        name="1005 on the wire",
        file="transport/framing.py",
        old="code not in (1004, 1005, 1006)",
        new="code not in (1004, 1006)",
        breaks='RFC 6455, section 7.4.1: 1005 "MUST NOT be set as a status code"',
        tests=("unit/transport/test_framing.py",),
    ),
    Mutant(
        name="a reason longer than its frame",
        file="transport/framing.py",
        old="text.encode()[:_REASON_BYTES]",
        new="text.encode()[: _REASON_BYTES + 2]",
        breaks="a CLOSE frame holds 125 bytes",
        tests=("unit/transport/test_framing.py",),
    ),
    Mutant(
        name="the client skips what reserved bits mean",
        file="transport/client_link.py",
        old="and not (frame.rsv1 or frame.rsv2 or frame.rsv3 or self._assembler.pending)",
        new="and not self._assembler.pending",
        breaks="reserved bits fail the connection on the frequent path too",
        tests=("integration/client/test_frames.py",),
    ),
    Mutant(
        name="the client takes a message inside another",
        file="transport/client_link.py",
        old="and not (frame.rsv1 or frame.rsv2 or frame.rsv3 or self._assembler.pending)",
        new="and not (frame.rsv1 or frame.rsv2 or frame.rsv3)",
        breaks="a frame inside a fragmented message is no message",
        tests=("integration/client/test_frames.py",),
    ),
    Mutant(
        name="what the library complains of changes nothing",
        file="transport/venue_link.py",
        old="        self._complained = True\n        self._look_first()\n",
        new="        self._complained = True\n",
        breaks="venue link, law 3: nothing is written after a CLOSE frame, whoever sent it",
        tests=("integration/server/test_links.py",),
    ),
    Mutant(
        name="a client that is flooded queues its pongs",
        file="transport/client_link.py",
        old="if self._transport is not None and not self._paused:",
        new="if self._transport is not None:",
        breaks="a venue that reads none of our PONGs must not fill our memory",
        tests=("unit/client/test_client_link_limits.py",),
    ),
    Mutant(
        name="an end that was asked for is news",
        file="transport/client_link.py",
        old="if not asked_for:",
        new="if not asked_for or code:",
        breaks="client link, law 1: only an end that the session did not ask for is told",
        tests=("integration/client/test_secrets.py",),
    ),
    Mutant(
        name="a venue need never answer our CLOSE",
        file="transport/client_link.py",
        old="            self._close_timer = loop.call_later(CLOSE_TIMEOUT, self.abort)\n",
        new="            self._close_timer = loop.call_later(3600.0, self.abort)\n",
        breaks="`CLOSE_TIMEOUT`: seconds for the venue to answer our CLOSE",
        tests=("unit/client/test_client_link_limits.py",),
    ),
    Mutant(
        name="commands for a dead link reach the next",
        file="transport/client_driver.py",
        old=(
            "            case SendFrame(number, payload):\n"
            "                if (link := self._links.get(number)) is not None:"
        ),
        new=(
            "            case SendFrame(number, payload):\n"
            "                if link := next(iter(self._links.values()), None):"
        ),
        breaks=(
            "client driver, law 2: what a command says about a link that is no "
            "longer current is dropped"
        ),
        tests=("integration/client/test_links.py",),
    ),
    Mutant(
        name="forgotten deadlines are kept",
        file="transport/deadlines.py",
        old="if self._stale > _SWEEP_FROM and",
        new="if self._stale > _SWEEP_FROM * 10**6 and",
        breaks="deadlines, law 3: places that are no longer meant are swept",
        tests=("unit/transport/test_deadlines.py",),
    ),
    Mutant(
        name="deadlines are served without end",
        file="transport/deadlines.py",
        old="for _ in range(BATCH):",
        new="while True:",
        breaks="deadlines, law 2: at most `BATCH` are served before the loop gets its turn",
        tests=("unit/transport/test_deadlines.py",),
    ),
    Mutant(
        name="one failure stops the queue",
        file="transport/deadlines.py",
        old=('            report(_logger, "waking a session", error)\n            return'),
        new="            raise",
        breaks="one entry's failure is not the others'",
        tests=("unit/transport/test_deadlines.py",),
    ),
    Mutant(
        name="a key of any length",
        file="transport/request_head.py",
        old="validate=True)) == 16",
        new="validate=True)) >= 16",
        breaks="RFC 6455, section 4.1: the key is 16 bytes in base64",
        tests=("unit/transport/test_websocket_key.py",),
    ),
    Mutant(
        name="the last of repeated fields counts",
        file="transport/request_head.py",
        old='f"{headers[name]}, {value}" if name in headers else value',
        new="value",
        breaks="repeated fields are joined by commas",
        tests=("unit/transport/test_request_head.py",),
    ),
    Mutant(
        name="what is not a field is skipped",
        file="transport/request_head.py",
        old=("        if field is None:\n            return None\n"),
        new=("        if field is None:\n            continue\n"),
        breaks="what is not exactly a request head is None, never a guess",
        tests=("unit/transport/test_request_head.py",),
    ),
    Mutant(
        name="our own paths before a venue's host",
        file="transport/doors.py",
        old='self._doors.get((host_name(host), place)) or self._doors.get(("", place))',
        new='self._doors.get(("", place)) or self._doors.get((host_name(host), place))',
        breaks="a host of a venue's own is looked at first",
        tests=("unit/transport/test_venue_hosts.py",),
    ),
    Mutant(
        name="the venue skips what reserved bits mean",
        file="transport/venue_link.py",
        old="                and not (frame.rsv1 or frame.rsv2 or frame.rsv3)\n",
        new="",
        breaks="reserved bits fail the connection on the frequent path too",
        tests=("integration/server/test_links.py",),
    ),
    Mutant(
        name="a slow client is never cut off",
        file="transport/venue_link.py",
        old="if queued > self._hall.premises.limits.queued_bytes and",
        new="if queued > self._hall.premises.limits.queued_bytes * 1000 and",
        breaks=("venue link, law 4: a client that does not read costs a bounded number of bytes"),
        tests=("integration/server/test_pushes.py",),
    ),
    Mutant(
        name="a PONG without its PING's payload",
        file="transport/venue_link.py",
        old="pong_frame(payload)",
        new='pong_frame(b"")',
        breaks="RFC 6455, section 5.5.3: a PONG has the PING's application data",
        tests=("integration/client/test_every_venue.py",),
    ),
    Mutant(
        name="the session does not hear of PING frames",
        file="transport/venue_link.py",
        old=(
            "            self._pongs.append(pong_frame(payload))\n"
            "            self.session.pinged(now)"
        ),
        new="            self._pongs.append(pong_frame(payload))",
        breaks="a PING frame keeps a Kraken Futures session alive",
        tests=("integration/server/test_links.py",),
    ),
    Mutant(
        name="a client need never answer our CLOSE",
        file="transport/venue_link.py",
        old="self._abort_at = now.monotonic + self._hall.premises.limits.close_timeout",
        new="self._abort_at = now.monotonic + 3600.0",
        breaks="`close_timeout`: for a client to answer our CLOSE",
        tests=("integration/server/test_links.py",),
    ),
    Mutant(
        name="a request's log shows its token",
        file="transport/http_protocol.py",
        old="        self.access_log = False\n",
        new="        self.access_log = True\n",
        breaks="secrets are never in logs",
        tests=("unit/transport/test_http_protocol.py",),
    ),
    Mutant(
        name="signed headers follow a redirect",
        file="transport/fetcher.py",
        old="allow_redirects=False",
        new="allow_redirects=True",
        breaks="a signature is for the host it was made for",
        tests=("unit/transport/test_fetcher.py",),
    ),
    Mutant(
        name="a reply has no limit",
        file="transport/fetcher.py",
        old="if len(body) > BODY_BYTES:",
        new="if len(body) > BODY_BYTES * 1000:",
        breaks="`BODY_BYTES`: a longer reply is refused",
        tests=("integration/client/test_links.py",),
    ),
    Mutant(
        name="a URL is encoded again",
        file="transport/fetcher.py",
        old="URL(request.url, encoded=True)",
        new="URL(request.url)",
        breaks="signatures were made over exactly this text",
        tests=("unit/transport/test_fetcher.py",),
    ),
)
