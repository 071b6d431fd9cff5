"""Many sessions that say little: what each keeps of memory, and whether all is said on time.

Half of them are KuCoin's, which ping every 18 s, half Kraken Futures', which are sent a heartbeat
every second. One more, at Kraken Spot, pings a hundred times a second as a probe.

Late is a heartbeat by how much longer after the first of its session it came than the most
punctual one did, and a pong by the time since its ping. Lateness of the load is part of both.
Where descriptors ask for several loads, the worst of their figures counts.
"""

import resource
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from bench.load import Load, running, sources
from bench.local_venue import local_venue, target
from bench.measure import Cores, Pace, Server, family, resident, tell
from bench.report import Finding, Verdict, within

SESSIONS, WORKERS = 20_000, 1
OF_WORKERS, SEVERAL = 50_000, 2
_KIB_EACH, _LATE_MS, _PROBE_MS = 16, 50, 10
_SECONDS, _GLANCE = 60, 8
_PING_MS = 18_000
_SPARE = 100
"""Descriptors for all else than sessions."""
_EVEN = 0.96
"""What workers that share a port are given of what they could bear: chance deals it out."""

_HEARTBEAT = '{"event":"subscribe","feed":"heartbeat"}'


def run(cores: Cores, pace: Pace) -> list[Finding]:
    findings = [_finding(cores, pace, SESSIONS, WORKERS)]
    if _knows_workers():
        findings.append(_finding(cores, pace, OF_WORKERS, SEVERAL))
    return findings


def _finding(cores: Cores, pace: Pace, wanted: int, workers: int) -> Finding:
    place = "one process" if workers == 1 else f"{workers} workers"
    each = _descriptors(wanted)
    sessions = min(wanted, each if workers == 1 else int(each * workers * _EVEN))
    loads = -(-sessions // each)
    title = f"{sessions:,} idle sessions in {place}"
    tell(title)
    seconds = _GLANCE if pace.quick else _SECONDS
    more = () if workers == 1 else ("--workers", str(workers))
    with local_venue(cores.measured, *more) as server:
        measured = _measure(server, sessions // loads, loads, seconds)
    tell("")
    notes = [f"Measured for {seconds} s, in which it took {measured['busy']:.0%} of one core."]
    if sessions < wanted:
        notes.append(f"Descriptors allow {sessions:,} sessions here, not {wanted:,}.")
    headings = ("count", "p50 ms", "p99 ms", "max ms")
    return Finding(title, headings, _rows(measured), _verdicts(measured), notes)


def _measure(server: Server, sessions: int, loads: int, seconds: int) -> dict[str, Any]:
    # Whatever the first session of a venue brings about is part of the base.
    with running("loads/idle", *_told(server, 2, 1)):
        base = _memory(server)
    with _settled(server, sessions, loads, seconds) as running_loads:
        kib = (_memory(server) - base) / (sessions * loads) / 1024
        for load in running_loads:
            load.go_on()
        said = [load.hear() for load in running_loads]
    busy = max(each["cpu"] / each["wall"] for each in said)
    return {**_worst([each["groups"] for each in said]), "kib": kib, "busy": busy}


@contextmanager
def _settled(server: Server, sessions: int, loads: int, seconds: int) -> Iterator[list[Load]]:
    told = _told(server, sessions, seconds)
    with ExitStack() as stack:
        yield [stack.enter_context(running("loads/idle", *told)) for _ in range(loads)]


def _worst(said: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Of what the loads said of each group."""

    def series(group: str, of: str) -> dict[str, float]:
        each = [one[group][of] for one in said]
        worst = {figure: max(one[figure] for one in each) for figure in ("p50", "p99", "max")}
        return {"count": sum(one["count"] for one in each), **worst}

    lost = sum(one["futures"]["missing"] for one in said)
    lost += sum(one[group]["skipped"] for one in said for group in ("futures", "kucoin"))
    return {
        "beats": series("futures", "beats"),
        "futures": series("futures", "answers"),
        "kucoin": series("kucoin", "answers"),
        "probe": series("probe", "answers"),
        "lost": lost,
    }


def _told(server: Server, sessions: int, seconds: int) -> tuple[object, ...]:
    half = sessions // 2
    kucoin, ping = target(server, "kucoin"), '{"id":"%d","type":"ping"}'
    return (
        *("port", server.port, "pids", server.pids, "milliseconds", seconds * 1000),
        *("sources", sources(half)),
        *("group", "kucoin", "connections", half, "target", kucoin, "settled", '"welcome"'),
        *("ping", ping, "answer", '"pong"', "period", _PING_MS),
        *("group", "futures", "connections", half, "target", target(server, "kraken-futures")),
        *("first", _HEARTBEAT, "settled", '"subscribed"', "beat", '"feed":"heartbeat"'),
        *("ping", "%d", "opcode", 9, "period", _PING_MS),
        *("group", "probe", "connections", 1, "target", target(server, "kraken-spot")),
        *("settled", '"status"', "ping", '{"method":"ping","req_id":%d}'),
        *("answer", '"pong"', "period", 10),
    )


def _rows(measured: dict[str, Any]) -> list[tuple[str, ...]]:
    series = {
        "Kraken Futures heartbeat, late by": measured["beats"],
        "Kraken Futures PING answered after": measured["futures"],
        "KuCoin ping answered after": measured["kucoin"],
        "probe answered after": measured["probe"],
    }
    return [
        (name, f"{each['count']:,}", *(f"{each[of] / 1000:.2f}" for of in ("p50", "p99", "max")))
        for name, each in series.items()
    ]


def _verdicts(measured: dict[str, Any]) -> list[Verdict]:
    late = {name: measured[name]["p99"] / 1000 for name in ("beats", "kucoin", "probe")}
    lost = measured["lost"]
    return [
        within("memory above the base, each", measured["kib"], _KIB_EACH, "KiB"),
        within("heartbeats, p99 of lateness", late["beats"], _LATE_MS, "ms"),
        within("KuCoin pongs, p99", late["kucoin"], _LATE_MS, "ms"),
        within("probe, p99", late["probe"], _PROBE_MS, "ms"),
        Verdict("every heartbeat came and every ping was answered", f"{lost} lost", not lost),
    ]


def _memory(server: Server) -> int:
    return sum(map(resident, family(server.pid)))


def _descriptors(sessions: int) -> int:
    """For how many sessions a process may have them, at most for these; root may get more."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = max(hard, sessions + _SPARE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, wanted))
    except (ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return min(sessions, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - _SPARE)


def _knows_workers() -> bool:
    from venuewire.cli.serve import ServeOptions  # noqa: PLC0415

    return "workers" in ServeOptions.__struct_fields__
