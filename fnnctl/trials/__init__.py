"""The trials of a search: their fits, what is measured on these, and what trials become.

Trials (`source`) and the confirmation of the best ones (`confirmation_source`) are the two sources of one
`stack_runner`.
"""
