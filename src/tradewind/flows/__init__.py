"""Flows: each use of the product, written as one paragraph. No arithmetic and no SQL in here."""
