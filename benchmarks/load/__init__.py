"""Many users at once against a real server, by Locust over gRPC: `make load`.

`__main__` starts a server and, in a process of its own, the users (`swarm`, which gevent patches); it judges and
reports what they measured. Nothing but `swarm`, `driving` and `users` imports Locust.
"""
