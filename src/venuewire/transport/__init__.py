"""Sockets, HTTP, timers and clocks: carries what sessions decide, and decides nothing itself."""
