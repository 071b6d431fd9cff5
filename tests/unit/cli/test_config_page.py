"""docs/reference/config.md and config.schema.json, held against what is read."""

import re
import tomllib
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from unit.cli.test_config import WRONG
from venuewire.cli.app import run
from venuewire.cli.config import parse_config
from venuewire.cli.config_file import config_schema
from venuewire.cli.outcome import WrongUsage
from venuewire.cli.serve import ServeOptions, local_venue

REFERENCE: Final = Path(__file__, "../../../../docs/reference").resolve()
PAGE: Final = (REFERENCE / "config.md").read_text()
[EXAMPLE] = re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
SCHEMA: Final[dict[str, Any]] = msgspec.json.decode(config_schema())
VALIDATOR: Final = Draft202012Validator(SCHEMA)


def test_the_schema_that_is_kept_is_that_of_the_code() -> None:
    """`venuewire serve --config-schema > docs/reference/config.schema.json`."""
    assert (REFERENCE / "config.schema.json").read_bytes() == config_schema() + b"\n"


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_the_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["serve", "--config-schema"]) == 0
    assert msgspec.json.decode(capsys.readouterr().out) == SCHEMA


def test_the_example_is_read_and_fits_the_schema() -> None:
    config = parse_config(EXAMPLE, "venue.toml")
    local = local_venue(ServeOptions(), config)
    assert {name: len(each) for name, each in config.accounts.items()} == {
        "kucoin": 1,
        "kraken-futures": 1,
    }
    assert len(local.faults) == 3
    VALIDATOR.validate(tomllib.loads(EXAMPLE))


def test_the_example_has_every_table_and_every_key_of_those_that_are_ours() -> None:
    said = tomllib.loads(EXAMPLE)
    assert set(said) == set(SCHEMA["$defs"]["VenuewireConfig"]["properties"])
    for table, kind in (("serve", "ServeSection"), ("account", "AccountSection")):
        keys = set(SCHEMA["$defs"][kind]["properties"])
        first = said[table] if table == "serve" else said[table][0]
        assert set(first) == keys
        assert not [key for key in keys if f"`{key}`" not in PAGE]


def test_every_key_of_the_limits_and_most_of_the_terms_say_what_they_are() -> None:
    """What is not said in the source has a name that says it."""
    tables = SCHEMA["$defs"]
    assert all("description" in key for key in tables["Limits"]["properties"].values())
    keys = [key for name in tables if name.endswith("Terms") for key in keys_of(tables[name])]
    assert len([key for key in keys if "description" in key]) > len(keys) / 2


def keys_of(table: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for each in table["properties"].values() if "$ref" not in each]


def document(text: str) -> Any:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError):
        return None


def test_what_the_schema_lets_pass_is_only_what_takes_more_to_know() -> None:
    """It knows types, keys and what must be there; not what cannot be together."""
    documents = [(document(text), told) for text, told in WRONG]
    passed = [told for said, told in documents if said is not None and VALIDATOR.is_valid(said)]
    later = (
        *("must ", "another account", "no fault", "is not HOST", "is called", "is not here"),
        *("this venue is not ", "no heartbeat", "no more than", "account 'alice'"),
    )
    assert not [told for told in passed if not any(word in told for word in later)]


def test_the_mistakes_the_page_shows_are_told_so() -> None:
    shown = re.findall(r"^venuewire: venue\.toml:(\d+): (.*)$", PAGE, re.MULTILINE)
    text = (
        "[serve]\nvenues = ['kucoin']\n\n[[account]]\nname = 'a'\nvenue = 'kucoin'\n"
        "api_key = 'k'\n\napi_secret = 7\n\n\n\n[terms.kucoin]\nping_intervall = 5\n\n[limits]\n\n"
        "head_bytes = 0\n\n[[fault]]\nspec = 'mute-heartbeats'\n"
    )
    assert len(shown) == 4
    for line, told in shown:
        with pytest.raises(WrongUsage) as refused:
            local_venue(ServeOptions(), parse_config(text, "venue.toml"))
        assert str(refused.value) == f"venue.toml:{line}: {told}"
        kept = text.split("\n")
        kept[int(line) - 1] = "api_secret = 's'" if "api_secret" in told else ""
        text = "\n".join(kept)
