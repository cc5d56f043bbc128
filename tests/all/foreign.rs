//! Bundles in hosts that are not ours.
