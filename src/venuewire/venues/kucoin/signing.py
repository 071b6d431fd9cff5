"""How a request to KuCoin's HTTP gateway is signed, and how the gateway finds fault with it.

    KC-API-SIGN        base64(HMAC-SHA256(secret, timestamp + METHOD + path?query + body))
    KC-API-PASSPHRASE  base64(HMAC-SHA256(secret, passphrase)), since version 2 of keys

Source: https://www.kucoin.com/docs-new/authentication and /docs-new/error-code.
"""

from base64 import b64encode
from collections.abc import Iterable, Mapping
from hashlib import sha256
from hmac import compare_digest, digest
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from venuewire.core.http import HttpRequest
from venuewire.core.instant import Instant
from venuewire.core.secrets import Account, Credentials
from venuewire.venues.kucoin.terms import KuCoinTerms


def sign(secret: str, timestamp: str, method: str, target: str, body: bytes = b"") -> str:
    """`target` is `path?query` as it stands on the request line; `timestamp` in milliseconds."""
    return _proof(secret, f"{timestamp}{method}{target}".encode(errors="replace") + body)


def veil(secret: str, passphrase: str) -> str:
    """The passphrase as it travels."""
    return _proof(secret, passphrase.encode())


def signed_headers(
    credentials: Credentials, method: str, target: str, now: Instant
) -> dict[str, str]:
    """Of a request without a body."""
    timestamp = str(int(now.realtime * 1000))
    return {
        "KC-API-KEY": credentials.api_key,
        "KC-API-TIMESTAMP": timestamp,
        "KC-API-SIGN": sign(credentials.api_secret, timestamp, method, target),
        "KC-API-PASSPHRASE": veil(credentials.api_secret, credentials.passphrase),
        "KC-API-KEY-VERSION": credentials.key_version,
    }


def _proof(secret: str, message: bytes) -> str:
    return b64encode(digest(secret.encode(), message, sha256)).decode()


# The gateway's side.


def without_passphrase(account: Account) -> Account:
    """What the gateway needs of an account: not the passphrase, only what recognizes it."""
    credentials = account.credentials
    if account.passphrase_digest:
        return account
    digest = _digest(veil(credentials.api_secret, credentials.passphrase))
    bare = replace(credentials, passphrase="")
    return replace(account, credentials=bare, passphrase_digest=digest)


def _digest(veiled: str) -> str:
    """What travels would be as good as the passphrase to whoever found it here."""
    return sha256(veiled.encode(errors="replace")).hexdigest()


class Fault(Struct, frozen=True):
    """Why a signed request is refused."""

    code: str
    msg: str
    status: int
    """Of the HTTP reply. No page says which goes with which code."""


HEADER_MISSING: Final = Fault(
    "400001",
    "KC-API-KEY, KC-API-SIGN, KC-API-TIMESTAMP or KC-API-PASSPHRASE is missing",
    401,
)
TIMESTAMP_INVALID: Final = Fault("400002", "KC-API-TIMESTAMP is invalid", 401)
TIMESTAMP_USED: Final = Fault("400002", "KC-API-TIMESTAMP has been used before", 401)
KEY_UNKNOWN: Final = Fault("400003", "KC-API-KEY does not exist", 401)
PASSPHRASE_WRONG: Final = Fault("400004", "KC-API-PASSPHRASE is wrong", 401)
SIGNATURE_WRONG: Final = Fault("400005", "KC-API-SIGN is wrong", 401)
ADDRESS_REFUSED: Final = Fault("400006", "this address may not use this key", 403)
PERMISSION_MISSING: Final = Fault("400007", "this key has no General permission", 403)
VERSION_RETIRED: Final = Fault("400008", "version 1 keys are no longer supported", 401)
VERSION_UNKNOWN: Final = Fault("400009", "KC-API-KEY-VERSION is invalid", 401)
TOO_MANY_CALLS: Final = Fault("429000", "too many requests", 429)

_SUPPORTED: Final = frozenset({"2", "3"})
_NEEDED: Final = ("kc-api-key", "kc-api-sign", "kc-api-timestamp", "kc-api-passphrase")
_LONGEST_TIMESTAMP: Final = 16


def examine(
    request: HttpRequest,
    targets: Iterable[str],
    accounts: Mapping[str, Account],
    terms: KuCoinTerms,
    now: Instant,
) -> Account | Fault:
    """Whose request this is. Signed over any one of `targets`, which spell the same path.

    Accounts are `without_passphrase`.
    """
    if (fault := _fault_of_form(request, terms, now)) is not None:
        return fault
    account = accounts.get(request.headers["kc-api-key"])
    if account is None:
        return KEY_UNKNOWN
    return _fault_of_proof(request, targets, account, terms) or account


def _fault_of_form(request: HttpRequest, terms: KuCoinTerms, now: Instant) -> Fault | None:
    headers = request.headers
    if not all(headers.get(name) for name in _NEEDED):
        return HEADER_MISSING
    version = headers.get("kc-api-key-version") or "1"
    if version == "1":
        return VERSION_RETIRED  # The header came with version 2: whoever omits it means 1.
    if version not in _SUPPORTED:
        return VERSION_UNKNOWN
    stamp = headers["kc-api-timestamp"]
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) <= _LONGEST_TIMESTAMP):
        return TIMESTAMP_INVALID
    if abs(int(stamp) / 1000 - now.realtime) > terms.timestamp_window:
        return TIMESTAMP_INVALID
    return None


def _fault_of_proof(
    request: HttpRequest, targets: Iterable[str], account: Account, terms: KuCoinTerms
) -> Fault | None:
    headers, secret = request.headers, account.credentials.api_secret
    if terms.allowed_addresses is not None and request.peer not in terms.allowed_addresses:
        return ADDRESS_REFUSED
    if not _same(_digest(headers["kc-api-passphrase"]), account.passphrase_digest):
        return PASSPHRASE_WRONG
    stamp, given = headers["kc-api-timestamp"], headers["kc-api-sign"]
    signatures = [sign(secret, stamp, request.method, each, request.body) for each in targets]
    if not any(_same(given, signature) for signature in signatures):
        return SIGNATURE_WRONG
    return None if "general" in account.permissions else PERMISSION_MISSING


def _same(given: str, expected: str) -> bool:
    return compare_digest(given.encode(errors="replace"), expected.encode())
