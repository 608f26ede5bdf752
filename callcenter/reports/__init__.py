"""Reports: figures computed from CDRs and seat logs, their definitions and their proofs."""
