"""Counting notifications."""

from venuewire.cli.post import Notes
from venuewire.core.messages import Message


def noted(*ids: int) -> Message:
    listed = ",".join(f'{{"id":{number},"note":"x"}}' for number in ids)
    return Message(channel="notifications_auth", raw=f'{{"notifications":[{listed}]}}'.encode())


def test_a_notification_counts_once_however_often_snapshots_repeat_it() -> None:
    notes = Notes()
    for message in (noted(), noted(1), noted(2), noted(1, 2), noted(3)):
        notes.hear(message)
    assert notes.count == 3


def test_other_channels_and_other_forms_carry_none() -> None:
    notes = Notes()
    notes.hear(Message(channel="ticker", raw=b'{"notifications":[{"id":1}]}'))
    notes.hear(Message(channel="notifications_auth", raw=b'{"notifications":"none"}'))
    notes.hear(Message(channel="notifications_auth", raw=b"{"))
    assert notes.count == 0
