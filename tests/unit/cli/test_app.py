"""Wrong usage: exit status 2, and one line on standard error that names the cause."""

import logging
from collections.abc import Iterator

import pytest

from venuewire.cli import main
from venuewire.cli.app import run

KUCOIN = "kucoin=http://127.0.0.1:1/kucoin"


@pytest.fixture(autouse=True)
def unchanged_log() -> Iterator[None]:
    """The commands choose what is logged, for the whole process."""
    logger = logging.getLogger("venuewire")
    level = logger.level
    yield
    logger.setLevel(level)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("walk", "walk"),
        ("watch", "VENUE"),
        ("watch mtgox", "'mtgox'"),
        ("watch kucoin --for soon", "--for"),
        ("watch kucoin --for -1", "--for"),
        ("watch kucoin --url nowhere", "VENUE=..."),
        ("watch kucoin --url kucoin=ftp://127.0.0.1", "'ftp://127.0.0.1'"),
        (f"watch kucoin --local --url {KUCOIN}", "--local and --url"),
        ("watch kucoin --local --subscribe kucoin:bogus", "'bogus'"),
        ("watch kucoin --fault mute", "--fault"),
        ("serve --listen nowhere", "'nowhere'"),
        ("serve --edition first", "'first'"),
        ("serve --venue mtgox", "'mtgox'"),
        ("serve --config /nonexistent.toml", "/nonexistent.toml"),
        ("serve --tls-cert only.pem", "--tls-key"),
        ("serve --tls-cert /nonexistent --tls-key /nonexistent", "/nonexistent"),
        ("ping mtgox", "'mtgox'"),
        ("watch kucoin --for nan", "--for"),
        ("ping kucoin -c 0", "--count"),
        ("ping kucoin -i nan", "--interval"),
        ("ping kucoin --url ws://127.0.0.1", "ws://127.0.0.1"),
        ("notify", "--note"),
        ("notify --note x --url 127.0.0.1", "127.0.0.1"),
        ("publish kucoin /market/ticker:BTC-USDT {", "JSON"),
        ("publish mtgox x {}", "'mtgox'"),
        ("session list --limit 0", "--limit"),
        ("session list --url 127.0.0.1", "127.0.0.1"),
        ("session cut --code 999", "--code"),
        ("session cut --session -1", "--session"),
        ("session age", "SECONDS"),
        ("session age soon", "SECONDS: a time such as 90, 15m, 24h"),
        ("clock advance nan", "SECONDS"),
        ("journal --after x", "--after"),
        ("state --url ftp://127.0.0.1", "'ftp://127.0.0.1'"),
        ("state --url http://127.0.0.1:99999", "no base URL"),
        ("state --url http://127.0.0.1/?a=b", "no base URL"),
        ("state --url http://a..b", "'http://a..b' is no base URL"),
        ("state --url http://me:sesame@127.0.0.1", "'http://***@127.0.0.1' is no base URL"),
        ("ping kucoin --url http://a..b/kucoin", "'http://a..b/kucoin' is no URL for kucoin"),
        ("drain on", "on"),
        ("limit set", "NAME=NUMBER"),
        ("limit set connections", "NAME=NUMBER or NAME=none is expected"),
        ("limit set connections=many", "'connections=many'"),
        ("limit set connections=1e3", "NAME=NUMBER"),
        ("limit set connections=1 connections=2", "connections: it is there twice"),
    ],
)
def test_wrong_usage_is_one_line(line: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(line.split()) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert err.startswith("venuewire: ")
    assert told in err


@pytest.mark.parametrize(
    "line", ["--help", "--version", "watch -h", "serve -h", "ping -h", "notify -h", "publish -h"]
)
def test_help_and_version_are_answers(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(line.split()) == 0
    out, err = capsys.readouterr()
    assert "venuewire" in out
    assert err == ""


def test_no_command_is_answered_with_all_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 2
    assert "publish" in capsys.readouterr().out


@pytest.mark.parametrize("group", ["account", "clock", "fault", "limit", "notification", "session"])
def test_a_group_alone_is_answered_with_its_commands(
    group: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([group]) == 2
    out, err = capsys.readouterr()
    assert out.startswith(f"Usage: venuewire {group} ")
    assert err == ""


def test_an_argument_that_is_no_text_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["notify", "--note", "\udcff"]) == 2
    assert "not UTF-8" in capsys.readouterr().err


@pytest.mark.parametrize(
    "order",
    [
        *("notify --note x", "session list", "session cut", "session age 1", "clock advance 1"),
        *("journal", "journal --follow", "state", "drain", "limit list", "limit set connections=1"),
    ],
)
def test_nobody_listening_is_a_failure_and_no_wrong_usage(
    order: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*order.split(), "--url", "http://127.0.0.1:1"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("venuewire: no local venue answers at http://127.0.0.1:1: ")


@pytest.mark.parametrize("token", ["short", "sixteen-or-more\nletters", "sixteen-or-more-létters"])
def test_a_token_that_is_none_is_wrong_usage(
    token: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VENUEWIRE_CONTROL_TOKEN", token)
    assert run(["state", "--url", "http://127.0.0.1:1"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("venuewire: control token: 16 to 512 ASCII characters")
    assert token not in err


def test_a_bug_is_told_by_its_place_and_without_its_text(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise KeyError("sesame")

    monkeypatch.setattr("venuewire.cli.ping.one_venue", fail)
    assert run(["ping", "kucoin"]) == 1
    err = capsys.readouterr().err
    assert "KeyError at " in err
    assert "sesame" not in err


def test_ctrl_c_before_there_is_a_loop_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("venuewire.cli.app.run", interrupted)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == "venuewire: interrupted"  # On standard error, and status 1.


def test_how_much_is_logged_is_one_of_few_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VENUEWIRE_LOG", "loud")
    assert run(["--version"]) == 2
    assert "VENUEWIRE_LOG: one of error, info, debug" in capsys.readouterr().err
