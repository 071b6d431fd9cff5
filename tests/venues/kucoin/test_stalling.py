"""A topic that froze is given up and asked for again, in KuCoin's words."""

import msgspec

from playbook import Playbook
from venuewire.core.commands import SendFrame
from venuewire.core.events import Fetched, LinkOpened
from venuewire.core.http import HttpReply
from venuewire.core.updates import Stalled, Subscribed
from venuewire.core.venue import ClientOptions
from venuewire.venues.kucoin import KUCOIN

TOPIC = "/market/ticker:BTC-USDT"
GRANT = HttpReply(
    status=200,
    body=b'{"code":"200000","data":{"token":"t","instanceServers":[{"endpoint":"wss://e.kucoin.com/",'
    b'"encrypt":true,"protocol":"websocket","pingInterval":18000,"pingTimeout":10000}]}}',
)


def test_a_frozen_topic_is_given_up_and_asked_for_again() -> None:
    """No page of KuCoin's promises a rhythm, so only the application can expect one."""
    book = Playbook(KUCOIN.client(ClientOptions()))
    book.skip()
    book >> Fetched(1, GRANT)
    book.skip()
    book >> LinkOpened(1)
    book.frame(b'{"id":"x","type":"welcome"}').skip()
    book.subscribe(TOPIC, next_data_timeout=5.0).skip()
    book.frame(b'{"id":"1","type":"ack"}') << Subscribed(TOPIC)
    book.wait(3).frame(b'{"type":"message","topic":"/market/ticker:BTC-USDT","data":{}}')
    book.wait(5) << Stalled(TOPIC, "no message for 5.0 s, where the next was due within 5 s")
    requests = [command for command in book.skip() if isinstance(command, SendFrame)]
    asked = [msgspec.json.decode(request.payload) for request in requests]
    assert [(each["type"], each["topic"]) for each in asked] == [
        ("unsubscribe", TOPIC),
        ("subscribe", TOPIC),
    ]
    book.frame(b'{"id":"2","type":"ack"}').end()
    book.frame(b'{"id":"3","type":"ack"}') << Subscribed(TOPIC)
    book.skip()
