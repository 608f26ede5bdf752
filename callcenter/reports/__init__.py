"""Reports: figures computed from CDRs and seat logs, their definitions and their proofs."""

from callcenter.reports.incremental import count_calls, count_seat

__all__ = ["count_calls", "count_seat"]
