"""Where a venue's own path is also a path of our own base URL, its host decides."""

from msgspec.structs import replace

from toy_venue import TOY
from venuewire.core.venue import Door
from venuewire.transport.doors import DoorPlan, Match


def door(name: str, host: str, path: str, local: str) -> Door:
    return Door(name=name, kind="websocket", hosts=(host,), path=path, local=local)


def test_a_venues_host_is_looked_at_before_our_own_paths() -> None:
    one = replace(TOY, name="one", doors=(door("one", "one.example", "/v1", "/ws"),))
    two = replace(TOY, name="two", doors=(door("two", "two.example", "/ws", "/other"),))
    plan = DoorPlan([(one, 1), (two, 2)])
    for host, hall in (("two.example", 2), ("localhost", 1), ("one.example", 1)):
        match = plan.find("GET", host, "/ws")
        assert isinstance(match, Match)
        assert match.hall == hall
