"""Rättaren: inlämningar in, poäng och återkoppling ut. Bara lärarens del av paketet importerar den."""
