"""What the hot path reads of an object: slim, typed views decoded straight from the wire, unknown fields skipped.

The pydantic models beside this package are the whole truth of our kinds; a test holds the names here against them.
"""
