"""The texts with which Kraken Spot refuses, in three groups by how sure they are.

Law: nobody may branch on an invented text; `success` is what counts.
"""

from typing import Final

# Recorded, or told by several independent clients.
NOT_SUPPORTED: Final = "Currency pair not supported {}"
PRIVATE_ELSEWHERE: Final = (
    "Private data and trading are unavailable on this endpoint. Try ws-auth.kraken.com"
)
PUBLIC_ELSEWHERE: Final = (
    "Public market data subscriptions are unavailable on this endpoint. Try ws.kraken.com"
)
INVALID_SESSION: Final = "ESession:Invalid session"
NOT_FOUND: Final = "Subscription Not Found"
ALREADY: Final = "Already subscribed"
MALFORMED: Final = "Malformed request"
EXCEEDED_RATE: Final = "Exceeded msg rate"

# Of the REST API, documented.
INVALID_KEY: Final = "EAPI:Invalid key"
INVALID_SIGNATURE: Final = "EAPI:Invalid signature"
INVALID_NONCE: Final = "EAPI:Invalid nonce"
PERMISSION_DENIED: Final = "EGeneral:Permission denied"
UNKNOWN_METHOD: Final = "EGeneral:Unknown method"
RATE_LIMIT: Final = "EAPI:Rate limit exceeded"

# Invented: no source settles what is said here.
UNSUPPORTED_METHOD: Final = "Unsupported method"
UNSUPPORTED_CHANNEL: Final = "Channel not supported {}"
UNSUPPORTED_VARIANT: Final = "Subscription {} not supported {}"
TOO_MANY_SYMBOLS: Final = "Exceeded symbols per request"
TOO_MANY_SUBSCRIPTIONS: Final = "Exceeded subscriptions per connection"
TOO_MANY_SESSIONS: Final = "Exceeded connections"
