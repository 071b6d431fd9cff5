"""The file of `serve --config`: every mistake names file, line and key, and quotes no secret."""

from pathlib import Path
from typing import Final

import pytest

from venuewire.cli.app import run
from venuewire.cli.config import LARGEST, Config, parse_config, read_config
from venuewire.cli.config_places import Places
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


def test_none_is_no_limit_where_there_may_be_none() -> None:
    text = "[terms.kucoin]\nlifetime = 'none'\n[limits]\nconnections_per_address = 'none'\n"
    config = parse_config(text, "venue.toml")
    assert config.terms == {"kucoin": {"lifetime": None}}
    assert config.limits == Limits()
    [kucoin] = [v for v in local_venue(ServeOptions(), config).state.venues if v.venue == "kucoin"]
    assert kucoin.terms["lifetime"] is None


def test_an_empty_file_leaves_everything_as_it_is() -> None:
    assert parse_config("", "venue.toml") == Config(places=Places("venue.toml"))


WRONG: Final = [
    # Not TOML.
    ("[serve\n", "1: Expected ']' at the end of a table declaration"),
    ("[serve]\nlisten\n", "2: Expected '=' after a key in a key/value pair"),
    ("\n\nx", "3: Expected '=' after a key in a key/value pair"),
    ("\n[limits]\nhead_bytes = \n", "3: head_bytes: Invalid value"),
    ("[limits]\nhead_bytes = 1\nhead_bytes = 2\n", "3: head_bytes: it is there already"),
    ("[limits]\n[serve]\n[limits]\n", "3: Cannot declare ('limits',) twice"),
    ("api_secret = 'sesame\n", "1: api_secret: "),
    ("\nx = 'sesame\0'\n", "2: x: "),
    ("a = 1\nb = " + "9" * 5000, "2: a number is too long"),
    ("a = " + "[" * 100_000, " it is nested too deeply"),
    # Keys and tables that are not there.
    ("[server]\n", "1: server: there is no such key; perhaps serve"),
    ("zoo = 1\n", "1: zoo: there is no such key; there are serve, account, terms, limits, fault"),
    ("[serve]\nport = 1\n", "2: serve.port: there is no such key; there are listen, edition, "),
    (
        "[limits]\n\nconnection = 1",
        "3: limits.connection: there is no such key; perhaps connections",
    ),
    (
        ALICE + "secret = 'sesame'\n",
        "9: account[1].secret: there is no such key; perhaps api_secret",
    ),
    ("[[fault]]\nname = 'half-open'", "2: fault[1].name: there is no such key; there are spec"),
    ("[terms.mtgox]\n", "1: terms.mtgox: there is no such key; there are kraken-futures, "),
    (
        "[terms.kucoin]\nping_intervall = 5.0",
        "2: terms.kucoin.ping_intervall: there is no such key; ",
    ),
    ('terms.kucoin = {"odd\\u0020key" = 1}', "1: terms.kucoin.'odd key': there is no such key; "),
    (
        "[terms.kucoin]\nedition = 'observed'",
        "2: terms.kucoin.edition: one for all is said in [serve]",
    ),
    ("x" * 500 + " = 1", f"1: {'x' * 60}: there is no such key; "),
    # Keys that are missing, or empty.
    ("[[account]]\nname = 'x'\n", "1: account[1].venue: it is missing"),
    ("[[fault]]\nspec = 'lose'\n\n[[fault]]\n", "4: fault[2].spec: it is missing"),
    (ALICE.replace('"sesame"', '""'), "6: account[1].api_secret: it is empty"),
    ("[serve]\nlisten = ''\n", "2: serve.listen: it is empty"),
    # The wrong type.
    ("serve = 1\n", "1: serve: a table is expected, not a whole number"),
    ("[serve]\nstate = 2026-11-25\n", "2: serve.state: a text is expected, not a date"),
    ("[serve]\nvenues = ['kucoin',\n 7]\n", "3: serve.venues[2]: a text is expected, not a whole "),
    ("[serve]\nedition = 'first'\n", "2: serve.edition: one of documented, observed is expected"),
    ("[account]\nname = 'x'\n", "1: account: a list is expected, not a table: write [[account]]"),
    ("\nfault = 'half-open'\n", "2: fault: a list is expected, not a text: write [[fault]]"),
    (ALICE.replace('"sesame"', "5"), "6: account[1].api_secret: a text is expected, not a whole "),
    (
        ALICE.replace('["general"]', '["a",\n\n1]'),
        "10: account[1].permissions[2]: a text is expected",
    ),
    (
        "[limits]\nhead_bytes = 1.5",
        "2: limits.head_bytes: a whole number is expected, not a number",
    ),
    (
        "limits = {head_bytes = true}",
        "1: limits.head_bytes: a whole number is expected, not true or ",
    ),
    ("terms = 1\n", "1: terms: a table is expected"),
    ("[terms]\nkucoin = 5\n", "2: terms.kucoin: a table is expected"),
    (
        "[terms.kucoin]\nping_interval = 'often'",
        "2: terms.kucoin.ping_interval: a number is expected",
    ),
    ("[terms.kraken-spot]\nsymbols = [\n'A/B',\n3]", "4: terms.kraken-spot.symbols[2]: a text is "),
    (
        "[limits]\nconnections = 'none'",
        "2: limits.connections: a whole number is expected, not none",
    ),
    (
        "[limits]\nconnections_per_address = 'x'",
        "2: limits.connections_per_address: a whole number or none",
    ),
    # What cannot be.
    ("[limits]\n# zero\nhead_bytes = 0", "3: limits.head_bytes: must be a number above 0"),
    ("[limits]\nrequest_timeout = inf", "2: limits.request_timeout: must be a number above 0"),
    ("[limits]\nturned_away = -1", "2: limits.turned_away: must be a number from 0"),
    (f"[limits]\njournal_events = {2**70}", "2: limits.journal_events: must be a number from 0"),
    ("[serve]\nvenues = ['all',\n 'mtgox']", "3: serve.venues[2]: no venue is called 'mtgox'"),
    (ALICE.replace("kucoin", "mtgox"), "4: account[1].venue: no venue is called 'mtgox'"),
    (ALICE + ALICE, "11: account[2].name: another account of kucoin has it"),
    (
        ALICE + ALICE.replace("alice", "bob"),
        "13: account[2].api_key: another account of kucoin has it",
    ),
    ("[[fault]]\nspec='lose'\n[[fault]]\nspec='odd'", "4: fault[2].spec: no fault is called 'odd'"),
    # What only the venues know.
    (
        "[terms.kucoin]\nidle_timeout = 1",
        "2: terms.kucoin.idle_timeout: 1 s must be above ping_inter",
    ),
    (
        "[terms.kucoin]\n\nping_interval = 99",
        "3: terms.kucoin.ping_interval: idle_timeout 60 s must ",
    ),
    ("[terms.kraken-spot]\nmax_requests = 0", "2: terms.kraken-spot.max_requests: must be above 0"),
    (
        "[terms.kraken-spot]\nlifetime = -1",
        "2: terms.kraken-spot.lifetime: must be a number from 0",
    ),
    ("[serve]\nlisten = 'nowhere'\n", "2: serve.listen: 'nowhere' is not HOST:PORT"),
    (
        "[serve]\nvenues = ['kraken-spot']\n" + ALICE,
        "6: account[1].venue: this venue is not served",
    ),
    (
        "[serve]\nvenues = ['kucoin']\n[terms.kraken-spot]",
        "3: terms.kraken-spot: this venue is not ",
    ),
    (ALICE.replace("kucoin", "kraken-futures"), "6: account[1].api_secret: account 'alice': "),
    (
        "[terms.kucoin]\nmax_accounts = 0\n" + ALICE,
        "4: account[1]: no more than 0 keys are possible",
    ),
    ("[[fault]]\nspec = 'moon/lose'\n", "2: fault[1].spec: 'moon' is not here; "),
    (
        "[serve]\nvenues = ['kucoin']\n[[fault]]\nspec = 'mute-heartbeats'",
        "4: fault[1].spec: mute-heartbeats: kucoin has no heartbeat",
    ),
]


@pytest.mark.parametrize(("text", "told"), WRONG)
def test_a_mistake_is_one_line_with_its_file_its_line_and_its_key(text: str, told: str) -> None:
    with pytest.raises(WrongUsage) as refused:
        local_venue(ServeOptions(), parse_config(text, "venue.toml"))
    said = str(refused.value)
    assert said.startswith(f"venue.toml:{told}"), said
    assert "\n" not in said
    assert "sesame" not in said


def test_serve_says_it_in_one_line_and_ends_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "venue.toml"
    path.write_text(ALICE.replace('"sesame"', "5"))
    assert run(["serve", "--config", str(path)]) == 2
    told = "account[1].api_secret: a text is expected, not a whole number"
    assert capsys.readouterr() == ("", f"venuewire: {path}:6: {told}\n")


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_files_of_any_editor_are_read_alike(ends: str, mark: str, tmp_path: Path) -> None:
    path = tmp_path / "venue.toml"
    path.write_bytes(f"{mark}{ALICE}[limits]\nhead_bytes = 9".replace("\n", ends).encode())
    config = read_config(path)
    assert (config.limits.head_bytes, list(config.accounts)) == (9, ["kucoin"])
    path.write_bytes(f"{mark}[limits]\n\nhead_byte = 9".replace("\n", ends).encode())
    with pytest.raises(WrongUsage, match=r"venue\.toml:3: limits\.head_byte: "):
        read_config(path)


def test_what_is_typed_is_not_blamed_on_the_file() -> None:
    config = parse_config("[serve]\nlisten = '127.0.0.1:0'\n", "venue.toml")
    for options in (ServeOptions(listen="nowhere"), ServeOptions(faults=("moon/lose",))):
        with pytest.raises(WrongUsage) as refused:
            local_venue(options, config)
        assert "venue.toml" not in str(refused.value)


def test_each_venue_gets_its_own_accounts() -> None:
    text = ALICE + '[[account]]\nname="bob"\nvenue="kraken-futures"\napi_key="k"\napi_secret="c2U="'
    local_venue(ServeOptions(), parse_config(text, "venue.toml"))  # KuCoin's secret is no base64.


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "venue.toml: No such file or directory"),
        (b"[serve]\n# \xff\xfe", "venue.toml:2: it is not UTF-8"),
        (b"\xff\xfe[\0", "venue.toml:1: it is not UTF-8"),
        (b"#" * (LARGEST + 1), f"venue.toml: it has more than {LARGEST} bytes"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(
    content: bytes | None, told: str, tmp_path: Path
) -> None:
    path = tmp_path / "venue.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(WrongUsage) as refused:
        read_config(path)
    assert str(refused.value).endswith(told)


def test_a_directory_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(WrongUsage, match=r": Is a directory$"):
        read_config(tmp_path)


def test_faults() -> None:
    config = parse_config('[[fault]]\nspec = "half-open@3"\n[[fault]]\nspec = "proxy-restart"', "f")
    assert config.faults == ("half-open@3", "proxy-restart")
