"""Many commands of one event loop on a few shared sockets."""
