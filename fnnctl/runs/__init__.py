"""One run while it is written: trained, searched, evaluated, recorded, interrupted and resumed."""
