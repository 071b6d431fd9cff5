"""The file of `serve --config`: every mistake names the file and the key, and quotes no secret."""

from pathlib import Path

import pytest

from venuewire.cli.config import Config, parse_config, read_config
from venuewire.cli.outcome import WrongUsage
from venuewire.cli.serve import ServeOptions, local_venue
from venuewire.core.secrets import Account, Credentials
from venuewire.transport.limits import Limits

ALICE = """
[[account]]
name = "alice"
venue = "kucoin"
api_key = "key"
api_secret = "sesame"
passphrase = "words"
permissions = ["general"]
"""


def test_everything_in_it_is_read() -> None:
    config = parse_config(
        f"""
        [serve]
        listen = "127.0.0.1:0"
        edition = "observed"
        venues = ["kucoin"]
        {ALICE}
        [terms.kucoin]
        ping_interval = 5.0
        [limits]
        connections_per_address = 7
        request_timeout = 3
        """,
        "venue.toml",
    )
    assert config.limits == Limits(connections_per_address=7, request_timeout=3.0)
    credentials = Credentials("key", "sesame", "words")
    assert config.serve.listen == "127.0.0.1:0"
    assert config.serve.edition == "observed"
    assert config.serve.venues == ("kucoin",)
    assert config.accounts == {"kucoin": (Account("alice", credentials, frozenset({"general"})),)}
    assert config.terms == {"kucoin": {"ping_interval": 5.0}}
    assert "sesame" not in repr(config)


def test_an_empty_file_leaves_everything_as_it_is() -> None:
    assert parse_config("", "venue.toml") == Config(file="venue.toml")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[serve\n", r"line 1"),
        ("[server]\n", r"server: unknown; there are serve, account, terms, limits and fault"),
        ("[limits]\nconnection = 1\n", r"limits: .*`connection`"),
        ("[limits]\nhead_bytes = 'x'\n", r"limits: .*head_bytes"),
        ("[limits]\nhead_bytes = 0\n", r"limits: head_bytes must be .* above 0"),
        ("[limits]\nrequest_timeout = inf\n", r"limits: request_timeout must be .* above 0"),
        ("[limits]\nturned_away = -1\n", r"limits: turned_away must be a number from 0"),
        ("serve = 1\n", r"serve: Expected `object`"),
        ("[serve]\nport = 1\n", r"serve: .*`port`"),
        ("[serve]\nedition = 'first'\n", r"serve: .*edition"),
        ("[account]\nname = 'x'\n", r"account: a list is expected: write \[\[account\]\]"),
        ("[[account]]\nname = 'x'\n", r"account 1: .*`venue`"),
        (ALICE.replace("kucoin", "mtgox"), r"account 1: venue: .*'mtgox'"),
        (ALICE.replace('"sesame"', "5"), r"account 1: .*api_secret"),
        (ALICE.replace('"sesame"', '""'), r"account 1: api_secret: .* empty"),
        (ALICE + "secret = 'sesame'\n", r"account 1: .*`secret`"),
        (ALICE + ALICE, r"account 2: name: another account of kucoin has it"),
        (ALICE + ALICE.replace("alice", "bob"), r"account 2: api_key: another"),
        ("terms = 1\n", r"terms: Expected `object`"),
        ("[terms.mtgox]\n", r"terms: .*'mtgox'"),
        ("[terms.kucoin]\nedition = 'observed'\n", r"terms.kucoin.edition: .*\[serve\]"),
    ],
)
def test_a_mistake_is_named_with_its_file_and_key(text: str, told: str) -> None:
    with pytest.raises(WrongUsage, match=rf"^venue\.toml: .*{told}") as refused:
        parse_config(text, "venue.toml")
    assert "sesame" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[terms.kucoin]\nping_intervall = 5.0\n", "'ping_intervall'"),
        ("[terms.kucoin]\nping_interval = 'often'\n", "ping_interval"),
        ("[terms.kucoin]\nidle_timeout = 1.0\n", "idle_timeout"),
        ("[serve]\nlisten = 'nowhere'\n", "'nowhere' is not HOST:PORT"),
        ("[serve]\nvenues = ['kraken-spot']\n" + ALICE, "kucoin is configured, but not served"),
        (ALICE.replace("kucoin", "kraken-futures"), "alice"),
    ],
)
def test_what_only_the_local_venue_knows_is_named_too(text: str, told: str) -> None:
    with pytest.raises(WrongUsage, match=rf"^venue\.toml: .*{told}") as refused:
        local_venue(ServeOptions(), parse_config(text, "venue.toml"))
    assert "sesame" not in str(refused.value)


def test_each_venue_gets_its_own_accounts() -> None:
    text = ALICE + '[[account]]\nname="bob"\nvenue="kraken-futures"\napi_key="k"\napi_secret="c2U="'
    local_venue(ServeOptions(), parse_config(text, "venue.toml"))  # KuCoin's secret is no base64.


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_named(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "venue.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(WrongUsage, match=r"venue\.toml: "):
        read_config(path)


def test_faults() -> None:
    config = parse_config('[[fault]]\nspec = "half-open@3"\n[[fault]]\nspec = "proxy-restart"', "f")
    assert config.faults == ("half-open@3", "proxy-restart")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('fault = "half-open"', "f: fault: a list is expected: write [[fault]]"),
        ('[[fault]]\nname = "half-open"', "f: fault 1: "),
        ('[[fault]]\nspec = "nonsense"', "f: fault 1: no fault is called 'nonsense'"),
    ],
)
def test_faults_that_cannot_be(text: str, said: str) -> None:
    with pytest.raises(WrongUsage) as error:
        parse_config(text, "f")
    assert str(error.value).startswith(said)
