"""What a client hears."""

from venuewire.core.messages import Message


def test_data_is_decoded_on_demand() -> None:
    message = Message(channel="a", raw=b'{"price": 1}')
    assert message.data == {"price": 1}
    assert message.decode(dict[str, int]) == {"price": 1}
