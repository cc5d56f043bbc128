//! The framework workloads: the same bytes as in Node.
