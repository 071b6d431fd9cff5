"""Which door a request stands before."""

import pytest
from msgspec.structs import replace

from toy_venue import TOY
from venuewire.core.errors import ConfigurationError
from venuewire.transport.doors import DoorPlan, Match, WrongMethod, host_name

OTHER = replace(
    TOY,
    name="other",
    doors=tuple(
        replace(door, local=f"/other{door.local}", hosts=("ws.other.example", *door.hosts))
        for door in TOY.doors
    ),
)
PLAN = DoorPlan([(TOY, "toy"), (OTHER, "other")])


def found(method: str, host: str, path: str) -> tuple[str, str] | None:
    match = PLAN.find(method, host, path)
    return (match.hall, match.door.name) if isinstance(match, Match) else None


def test_by_the_path_on_our_own_base_url() -> None:
    assert found("GET", "127.0.0.1:9010", "/toy/v1") == ("toy", "public")
    assert found("POST", "localhost", "/other/toy/token") == ("other", "token")


@pytest.mark.parametrize("path", ["/toy/private", "/toy/private/"])
def test_a_trailing_slash_makes_no_difference(path: str) -> None:
    assert found("GET", "localhost", path) == ("toy", "private")


@pytest.mark.parametrize("host", ["ws.other.example", "WS.Other.Example:9010", "ws.other.example."])
def test_by_a_venues_own_host(host: str) -> None:
    assert found("GET", host, "/v1") == ("other", "public")


def test_of_two_venues_with_one_host_the_first_has_it() -> None:
    assert found("GET", "ws.toy.example", "/v1") == ("toy", "public")


def test_our_own_paths_hold_on_any_host() -> None:
    assert found("GET", "ws.other.example", "/toy/v1") == ("toy", "public")


def test_a_venues_path_needs_its_host() -> None:
    assert PLAN.find("GET", "localhost", "/v1") is None


def test_another_method_is_told_which() -> None:
    assert PLAN.find("GET", "localhost", "/toy/token") == WrongMethod(("POST",))


def test_two_venues_cannot_share_a_path() -> None:
    with pytest.raises(ConfigurationError, match="/toy/v1"):
        DoorPlan([(TOY, 1), (replace(TOY, name="twin"), 2)])


@pytest.mark.parametrize(
    ("host", "name"),
    [("A.b:1", "a.b"), ("[::1]:9010", "::1"), ("127.0.0.1", "127.0.0.1"), ("", "")],
)
def test_the_name_in_a_host_header(host: str, name: str) -> None:
    assert host_name(host) == name
