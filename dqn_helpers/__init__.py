"""Kursens provade referenskod för djup Q-inlärning."""
