"""Both ends of the exchange WebSocket: sessions provably alive, and the venue to prove it on."""
