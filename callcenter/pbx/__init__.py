"""The PBX: a port, its fake, and one adapter per PBX. Nothing above knows which one runs."""
