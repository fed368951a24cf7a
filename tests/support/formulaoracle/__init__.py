"""A second implementation of the language of formulas, written apart and in another way, to hold the first against.

Its grammar is a file for a parser generator; its expressions become closures; its values are pairs of a kind and a
number, times exact fractions of a second; its table of operators is written as text. Where the two disagree, the
reference decides.
"""
