"""Measurements of the sizes and speeds that the design holds."""
