"""Rättaren: inlämningar in, poäng och återkoppling ut. Bara lärarens del importerar den."""
