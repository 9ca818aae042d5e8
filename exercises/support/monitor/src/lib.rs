//! What outlives `galley run`: the monitor of a container, its logs, its terminal and its network.
