"""Mutants of what an operator can do, and of who may."""

from typing import Final

from mutation.mutant import Mutant

MUTANTS: Final = (
    Mutant(
        name="a page of another origin gives orders",
        file="transport/access.py",
        old="if origin is not None and origin.lower() !=",
        new="if origin is None and str(origin).lower() ==",
        breaks="a web page elsewhere cannot reach what is for the operator",
        tests=("integration/server/test_access.py",),
    ),
    Mutant(
        name="a name pointed here gives orders",
        file="transport/access.py",
        old="if not self._is_ours(host_name(host)):",
        new="if not host:",
        breaks="DNS rebinding: not by a name of its own that it has pointed here",
        tests=("integration/server/test_access.py",),
    ),
    Mutant(
        name="whoever comes through a proxy is from here",
        file="transport/access.py",
        old="        and not any(name in request.headers for name in _FORWARDED)\n",
        new="",
        breaks="somebody else asks through a proxy of this machine",
        tests=("integration/server/test_access.py",),
    ),
    Mutant(
        name="a wrong token is as good as none",
        file="transport/access.py",
        old="if self._token is not None and stated is not None:",
        new="if self._token is not None and stated is not None and self._is_token(stated):",
        breaks="a token that is given must be right, even on loopback",
        tests=("integration/server/test_access.py",),
    ),
    Mutant(
        name="the beginning of a token is enough",
        file="transport/access.py",
        old="compare_digest(token.strip().encode(), known)",
        new="token.strip().encode().startswith(known)",
        breaks="whoever has the control token, and nobody else",
        tests=("integration/server/test_access.py",),
    ),
    Mutant(
        name="time passes and nobody is older",
        file="core/floor.py",
        old="            session.grow_older(seconds)\n",
        new="            session.grow_older(0.0)\n",
        breaks="whatever ages is so much older at once: sessions, and tokens",
        tests=("unit/core/test_floor.py", "integration/server/test_orders.py"),
    ),
    Mutant(
        name="time passes and tokens stay fresh",
        file="core/floor.py",
        old="        self.elapsed += seconds\n",
        new="        self.elapsed += 0.0\n",
        breaks="whatever ages is so much older at once: sessions, and tokens",
        tests=("unit/core/test_floor.py", "venues/kucoin/test_token.py"),
    ),
    Mutant(
        name="who is older has also been silent",
        file="core/server_session.py",
        old="        self.began_at -= seconds\n",
        new="        self.began_at -= seconds\n        self.heard_at -= seconds\n",
        breaks="as if it had begun so much earlier, and had not been silent since",
        tests=("unit/core/test_floor.py", "integration/server/test_orders.py"),
    ),
    Mutant(
        name="every code a client makes up is a label",
        file="transport/counts.py",
        old="known = code if code in _STANDARD else OTHER",
        new="known = code",
        breaks="close codes that a client made up must not make a table grow",
        tests=("unit/transport/test_counts.py", "integration/server/test_metrics.py"),
    ),
    Mutant(
        name="a channel's name of any length is remembered",
        file="transport/journal.py",
        old="channel=channel[:LONGEST_TEXT],",
        new="channel=channel,",
        breaks="journal, law 1: bounded in the length of each event",
        tests=("unit/transport/test_journal.py",),
    ),
    Mutant(
        name="health says ok while draining",
        file="transport/http_app.py",
        old='(503, "draining") if premises.draining else (200, "ok")',
        new='(200, "ok")',
        breaks="503 while draining, so that nobody new is sent here",
        tests=("integration/server/test_metrics.py",),
    ),
)
