"""The stand-in's Graph: nodes, edges, token endpoints and batches."""
