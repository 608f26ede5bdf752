"""What administrators do with numbers, lists, regions and hours; one file for each.

Functions on an open transaction, blocking. Whatever was typed wrongly is ``Refused`` with one
sentence and leaves nothing behind. The engine sees a change when it reloads.
"""
