"""The demo: real softphones walk one call through the whole product and check what they see."""
