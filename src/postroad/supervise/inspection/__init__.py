"""Inspection: catalogue, plan, draw, order, visit, correction, closure, publication, and what the sample says."""
