"""The contract: talks are moved, held, overheard."""
