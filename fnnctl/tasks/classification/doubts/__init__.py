"""Warnings about predictions that are of little use: each is a test against chance, with what to try."""
