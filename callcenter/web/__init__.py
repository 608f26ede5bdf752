"""The only door into a running engine: REST on a Unix socket, its server and its client.

Import the modules themselves: the client must not cost the command line a web framework.
"""
