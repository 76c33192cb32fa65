"""How Redis and the pools fare: health, metrics, spans and logs."""
