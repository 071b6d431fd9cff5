"""The statistics of `ping`."""

from venuewire.cli.ping import Statistics


def test_round_trips_are_told_as_ping_8_does() -> None:
    statistics = Statistics()
    statistics.sent = 4
    statistics.trips = [0.001, 0.002, 0.003]
    assert statistics.lines("kraken-spot") == [
        "--- kraken-spot ping statistics ---",
        "4 pings sent, 3 pongs received, 25% loss",
        "round trip min/avg/max/mdev = 1.000/2.000/3.000/0.816 ms",
    ]


def test_attempts_without_a_session_are_errors_and_count_as_lost() -> None:
    statistics = Statistics()
    statistics.errors = 2
    assert statistics.lines("kucoin")[1:] == [
        "0 pings sent, 0 pongs received, +2 errors, 100% loss"
    ]


def test_stopped_before_the_first_there_is_nothing_to_tell() -> None:
    assert Statistics().lines("kucoin")[1:] == ["0 pings sent, 0 pongs received, 0% loss"]
