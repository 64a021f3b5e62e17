"""Mätningarna som böckernas påståenden vilar på: var och en går att göra om, med fler frön."""
