"""A network of one's choice between a session and any service: a proxy in a process of its own."""
