"""Pure decisions over values: what a finding may become, what comes first, what proves a fix."""
