"""The report as one HTML file: readable offline, on a phone, in the dark, and on paper."""
