"""The shop's side for tests: a fake shop, and foreign clients that share no code with the endpoints."""
