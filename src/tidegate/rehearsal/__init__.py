"""Rehearsals: a plan carried out by the real decisions, on simulated traffic and a virtual clock."""
