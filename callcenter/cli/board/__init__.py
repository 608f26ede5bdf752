"""The live board in a terminal: ``callcenter top``. Drawn from the feed, acts over REST."""
