"""The signature of an upgrade request, by computed vectors: the venue publishes none."""

import pytest

from venuewire.venues.kraken_prime import signing

SECRET, HOST, PATH = "not-a-real-secret", "wss.prime.kraken.com", "/ws/v1"

VECTORS = [
    (
        "2019-02-13T05:17:32.000000Z",
        "RVXRF2fN5YoYHu5k0nLjTnI0vMhjXl/u//RsGV8DBXM=",
        "RVXRF2fN5YoYHu5k0nLjTnI0vMhjXl_u__RsGV8DBXM=",
    ),
    (
        "2019-02-13T05:17:08.000000Z",
        "jV5PcUce/MfNVSZ+VB/3E+6Sdf+pyFvemwqMoKusoCA=",
        "jV5PcUce_MfNVSZ-VB_3E-6Sdf-pyFvemwqMoKusoCA=",
    ),
]


@pytest.mark.parametrize(("timestamp", "standard", "url_safe"), VECTORS)
def test_we_sign_in_the_url_safe_alphabet_with_padding(
    timestamp: str, standard: str, url_safe: str
) -> None:
    signature = signing.sign(SECRET, timestamp, HOST, PATH)
    assert signature == url_safe
    assert signature.replace("-", "+").replace("_", "/") == standard


@pytest.mark.parametrize(("timestamp", "standard", "url_safe"), VECTORS)
def test_both_alphabets_are_accepted(timestamp: str, standard: str, url_safe: str) -> None:
    for signature in (standard, url_safe):
        assert signing.matches(signature, SECRET, timestamp, [HOST], [PATH])


@pytest.mark.parametrize(
    "change",
    [
        {"secret": "not-a-real-secreT"},
        {"timestamp": "2019-02-13T05:17:32.000001Z"},
        {"hosts": ["wss.sandbox.prime.kraken.com"]},
        {"paths": ["/ws/v1/"]},
        {"hosts": []},
        {"signature": "RVXRF2fN5YoYHu5k0nLjTnI0vMhjXl/u//RsGV8DBXM"},
        {"signature": ""},
    ],
)
def test_every_part_is_signed(change: dict[str, str]) -> None:
    timestamp, signature, _ = VECTORS[0]
    parts = {
        "signature": signature, "secret": SECRET, "timestamp": timestamp,
        "hosts": [HOST], "paths": [PATH],
    }  # fmt: skip
    assert signing.matches(**parts)  # type: ignore[arg-type]
    assert not signing.matches(**(parts | change))  # type: ignore[arg-type]


def test_the_secret_is_ascii_text_not_base64() -> None:
    """A secret that happens to be base64 is still taken letter by letter."""
    timestamp = VECTORS[0][0]
    assert signing.sign("QUJD", timestamp, HOST, PATH) != signing.sign("ABC", timestamp, HOST, PATH)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:00:00Z", 0.0),
        ("2019-02-13T05:17:32.000000Z", 1_550_035_052.0),
        ("2019-02-13T05:17:32.5Z", 1_550_035_052.5),
        ("2019-02-13T05:17:32.250000000Z", 1_550_035_052.25),
    ],
)
def test_timestamps_are_utc(text: str, seconds: float) -> None:
    assert signing.parse_timestamp(text) == seconds
